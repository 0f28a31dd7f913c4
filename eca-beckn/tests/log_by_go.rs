//! A log, its head and its proofs verified by the sumdb verifier of Go as it is shipped: `golang.org/x/mod/sumdb/note` and
//! `tlog`, which every Go installation has for its own use. Without Go the test says that it was skipped.
//!
//! Sizes up to 257; with `ECA_TEST_SCALE=large` up to 70,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use eca_beckn::log::{FileHead, FileStore, MemoryStore, read_records};
use eca_beckn::{Entry, Log, kind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// Go, where it is: the variable `GO` names another one than that of the path.
fn go(arguments: &[&str], folder: &Path) -> Option<Output> {
    let program = std::env::var_os("GO").unwrap_or("go".into());
    let settings = [("GOFLAGS", "-mod=mod"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")];
    Command::new(program).args(arguments).envs(settings).current_dir(folder).output().ok()
}

/// What a command says, for messages of failures.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The compiled verifier: `tests/go/main.go` with the packages of Go's own vendor folder, copied without a change. The
/// reason where that cannot be.
fn verifier(folder: &Path) -> Result<PathBuf, String> {
    let asked = go(&["env", "GOROOT", "GOVERSION"], folder).ok_or("there is no Go on this machine")?;
    let asked = said(&asked);
    let mut lines = asked.lines();
    let root = PathBuf::from(lines.next().unwrap_or_default());
    let version = lines.next().unwrap_or_default().trim_start_matches("go");
    let language = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let sumdb = root.join("src/cmd/vendor/golang.org/x/mod/sumdb");
    if !sumdb.is_dir() {
        return Err(format!("this Go has no sources of its sumdb in {}", sumdb.display()));
    }
    for package in ["note", "tlog"] {
        let copy = folder.join("mod/sumdb").join(package);
        std::fs::create_dir_all(&copy).unwrap();
        for file in std::fs::read_dir(sumdb.join(package)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    std::fs::write(folder.join("mod/go.mod"), format!("module golang.org/x/mod\n\ngo {language}\n")).unwrap();
    let module = format!(
        "module verifier\n\ngo {language}\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"
    );
    std::fs::write(folder.join("go.mod"), module).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/main.go");
    std::fs::copy(source, folder.join("main.go")).unwrap();
    let built = go(&["build", "-o", "verifier", "."], folder).unwrap();
    assert!(built.status.success(), "{}", said(&built));
    Ok(folder.join("verifier"))
}

/// Appends signals up to a size, and signs a head.
fn grow(log: &mut Log, size: u64) -> String {
    let entry = |number| Entry::new(kind::SIGNAL, "grid.example.org", 1_795_453_200_000_000).field("number", number);
    log.write_all(&(log.size()..size).map(entry).collect::<Vec<_>>()).unwrap();
    log.publish().unwrap()
}

#[test]
fn the_verifier_of_go_agrees() {
    let folder = std::env::temp_dir().join(format!("eca-beckn-go-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let verifier = match verifier(&folder) {
        Ok(verifier) => verifier,
        Err(reason) => {
            println!("SKIPPED: the log was not verified by Go: {reason}");
            std::fs::remove_dir_all(&folder).unwrap();
            return;
        }
    };
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    let sizes: &[u64] =
        if large { &[0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] } else { &[0, 1, 2, 255, 256, 257] };
    let (root, earlier, record, proof) =
        (folder.join("log"), folder.join("earlier"), folder.join("record"), folder.join("proof"));
    let store = Arc::new(FileStore::writer(&root).unwrap());
    let mut log =
        Log::open(store.clone(), Arc::new(FileHead::new(folder.join("last"))), log_signer(), log_key()).unwrap();
    let verify = |key: &str, files: &[&Path]| Command::new(&verifier).arg(&root).arg(key).args(files).output().unwrap();
    let key = log_key().to_string();
    for size in sizes {
        let note = grow(&mut log, *size);
        if *size == 0 {
            assert!(verify(&key, &[]).status.success(), "{}", said(&verify(&key, &[])));
            continue;
        }
        let index = size / 2;
        std::fs::write(&record, &read_records(&*store, *size).unwrap()[index as usize]).unwrap();
        std::fs::write(&proof, log.proof(index, &note).unwrap()).unwrap();
        // The head of the size before is the one that this continues.
        if *size == 1 {
            std::fs::write(&earlier, &note).unwrap();
        }
        let checked = verify(&key, &[&earlier, &record, &proof]);
        assert!(checked.status.success(), "{size} records: {}", said(&checked));
        print!("{}", said(&checked));
        std::fs::write(&earlier, &note).unwrap();
    }
    // Another key, another history, and one bit in a bundle, a tile, the head, the proof.
    let other = eca_beckn::LogKey { key: node_key(), ..log_key() }.to_string();
    assert!(said(&verify(&other, &[])).contains("FAULT checkpoint"), "{}", said(&verify(&other, &[])));
    let fork = Arc::new(MemoryStore::default());
    let mut fork = Log::open(fork, Arc::new(eca_beckn::log::MemoryHead::default()), log_signer(), log_key()).unwrap();
    fork.write(Entry::new(kind::SIGNAL, "grid.example.org", 1_795_453_200_000_000)).unwrap();
    std::fs::write(&earlier, fork.publish().unwrap()).unwrap();
    assert!(said(&verify(&key, &[&earlier])).contains("FAULT earlier head"));
    std::fs::write(&earlier, std::fs::read(root.join("checkpoint")).unwrap()).unwrap();
    assert!(verify(&key, &[&earlier, &record, &proof]).status.success());
    for path in ["tile/entries/000", "tile/0/000", "checkpoint"].map(|name| root.join(name)).iter().chain([&proof]) {
        let good = std::fs::read(path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        std::fs::write(path, bad).unwrap();
        let checked = verify(&key, &[&earlier, &record, &proof]);
        assert!(said(&checked).contains("FAULT"), "{}: {}", path.display(), said(&checked));
        std::fs::write(path, good).unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn node_key() -> eca_beckn::PublicKey {
    eca_beckn::MemoryKey::from_base64("other", eca_beckn::purpose::LOG, BAP_SEED).unwrap().public()
}
