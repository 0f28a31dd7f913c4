//! Builds the library, compiles C and C++ against it and runs the programs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Whether the library under test has `eca_test_panic_next`.
pub const TEST_HOOKS: bool = cfg!(any(feature = "test-hooks", debug_assertions));

/// A compiler, its language and its rules.
#[derive(Clone, Copy, Debug)]
pub struct Language(&'static str, &'static str, &'static [&'static str]);

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-g"];
pub const C: Language = Language("CC", "cc", &["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wstrict-prototypes"]);
pub const CPP: Language = Language("CXX", "c++", &["-std=c++17", "-x", "c++"]);

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn scratch() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_abi");
    fs::create_dir_all(&path).unwrap();
    path
}

/// Writes a source file beside the programs.
pub fn written(name: &str, source: &str) -> PathBuf {
    let path = scratch().join(name);
    fs::write(&path, source).unwrap();
    path
}

/// Says on the terminal, past the capture of the test, what was not done and why.
pub fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// A folder with the shared library, built from these sources with the profile of this test.
fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.current_dir(root()).args(["build", "--quiet", "--package", "eca-ffi", "--target-dir"]).arg(target);
        if cfg!(feature = "test-hooks") {
            build.args(["--features", "test-hooks"]);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        succeeded(&mut build);
        let built = target.join(if cfg!(debug_assertions) { "debug" } else { "release" }).join("libeca.so");
        let folder = scratch().join("lib");
        fs::create_dir_all(&folder).unwrap();
        // The linker looks for the first name, the loader for the second (the SONAME).
        for name in ["libeca.so", "libeca.so.0"] {
            let _ = fs::remove_file(folder.join(name));
            fs::copy(&built, folder.join(name)).unwrap();
        }
        folder
    })
}

fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = || String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text());
    output
}

/// A compiled program.
#[derive(Debug)]
pub struct Program(PathBuf);

/// What a program printed. It ended well.
#[derive(Debug)]
pub struct Ran {
    pub stdout: String,
}

impl Ran {
    pub fn ends(&self, with: &str) {
        assert!(self.stdout.ends_with(with), "{}", self.stdout);
    }
}

impl Program {
    /// Compiles and links. Sources are relative to `eca-ffi/tests`, or absolute.
    pub fn compile(name: &str, Language(variable, default, rules): Language, sources: &[&str]) -> Self {
        let path = scratch().join(name);
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let library = library();
        let mut compiler = Command::new(std::env::var_os(variable).unwrap_or_else(|| default.into()));
        compiler.args(rules).args(WARNINGS);
        if TEST_HOOKS {
            compiler.arg("-DECA_TEST_HOOKS");
        }
        compiler.arg("-I").arg(root().join("include")).arg("-I").arg(tests.join("c"));
        compiler.args(sources.iter().map(|source| tests.join(source)));
        compiler.args(["-x", "none"]).arg("-o").arg(&path);
        compiler.arg("-L").arg(library).arg(format!("-Wl,-rpath,{}", library.display())).args([
            "-leca",
            "-lpthread",
            "-lm",
        ]);
        succeeded(&mut compiler);
        Self(path)
    }

    /// Runs it; a status other than 0 fails the test with what it printed.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = succeeded(Command::new(&self.0).args(arguments).env("RUST_BACKTRACE", "0"));
        Ran { stdout: String::from_utf8(output.stdout).unwrap() }
    }

    /// Runs it where every wrong access and every lost block is an error. Without valgrind, runs it plainly and says so.
    pub fn run_under_valgrind(&self, arguments: &[&str]) -> Ran {
        if Command::new("valgrind").arg("--version").output().is_err() {
            skip("memory check: valgrind is not installed");
            return self.run(arguments);
        }
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "-q",
            "--error-exitcode=99",
            "--leak-check=full",
            "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect",
        ]);
        let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/valgrind.supp");
        valgrind.arg(format!("--suppressions={}", known.display()));
        let output = succeeded(valgrind.arg(&self.0).args(arguments).env("RUST_BACKTRACE", "0"));
        Ran { stdout: String::from_utf8(output.stdout).unwrap() }
    }
}

/// The symbols that the shared library exports, sorted; none where there is no `nm`.
pub fn exported_symbols() -> Option<Vec<String>> {
    let library = library().join("libeca.so");
    let output = Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let mut symbols: Vec<String> = text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    symbols.sort();
    Some(symbols)
}
