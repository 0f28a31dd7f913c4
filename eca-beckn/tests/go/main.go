// Command main verifies a DEG log by golang.org/x/mod alone: note for the signed head, tlog for tree and proofs.
//
//	main FOLDER LOG-KEY [EARLIER-CHECKPOINT [RECORD PROOF]]
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads the tiles of a folder; tlog checks them against the root.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

// name is the path of tlog-tiles, which leaves the height out.
func (t tiles) name(tile tlog.Tile) string {
	return filepath.Join(t.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(t.name(tile))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// head opens a signed head with the key of the log.
func head(text []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the head is not one of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the root is not a hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// records gives those of the bundles.
func records(t tiles, size int64) ([][]byte, error) {
	var found [][]byte
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		name := t.name(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)})
		name = strings.Replace(name, "tile/data/", "tile/entries/", 1)
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for len(data) > 1 {
			length := int(data[0])<<8 | int(data[1])
			if len(data) < 2+length {
				return nil, fmt.Errorf("%s is cut short", name)
			}
			found = append(found, data[2:2+length])
			data = data[2+length:]
		}
	}
	if int64(len(found)) != size {
		return nil, fmt.Errorf("%d records, not %d", len(found), size)
	}
	return found, nil
}

// proof checks a .tlog-proof file.
func proof(record, text []byte, key string) error {
	lines, signed, found := bytes.Cut(text, []byte("\n\n"))
	parts := strings.Split(string(lines), "\n")
	if !found || len(parts) < 2 || parts[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("is no proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(parts[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range parts[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	tree, err := head(signed, key)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(record))
}

func run(arguments []string) error {
	folder, key := tiles{arguments[0]}, arguments[1]
	text, err := os.ReadFile(filepath.Join(folder.folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := head(text, key)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if tree.N == 0 {
		if empty, _ := tlog.TreeHash(0, nil); empty != tree.Hash {
			return errors.New("checkpoint: is not the root of nothing")
		}
		fmt.Println("go: 0 records")
		return nil
	}
	found, err := records(folder, tree.N)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, folder)
	var at []int64
	for i := range found {
		at = append(at, tlog.StoredHashIndex(0, int64(i)))
	}
	leaves, err := hashes.ReadHashes(at)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	for i, record := range found {
		if tlog.RecordHash(record) != leaves[i] {
			return fmt.Errorf("record %d is not the one under the head", i)
		}
	}
	inclusion := 0
	for i := int64(0); i < tree.N; i += 1 + tree.N/64 {
		path, err := tlog.ProveRecord(tree.N, i, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, i, leaves[i]); err != nil {
			return err
		}
		inclusion++
	}
	consistency := 0
	if len(arguments) > 2 {
		text, err := os.ReadFile(arguments[2])
		if err != nil {
			return err
		}
		old, err := head(text, key)
		if err != nil {
			return fmt.Errorf("earlier head: %w", err)
		}
		path, err := tlog.ProveTree(tree.N, old.N, hashes)
		if err != nil {
			return fmt.Errorf("earlier head: %w", err)
		}
		if err := tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("earlier head: %w", err)
		}
		consistency++
	}
	proofs := 0
	if len(arguments) > 4 {
		record, err := os.ReadFile(arguments[3])
		if err != nil {
			return err
		}
		text, err := os.ReadFile(arguments[4])
		if err != nil {
			return err
		}
		if err := proof(record, text, key); err != nil {
			return fmt.Errorf("proof: %w", err)
		}
		proofs++
	}
	fmt.Printf("go: %d records, %d inclusion and %d consistency proofs, %d proof files\n", tree.N, inclusion, consistency, proofs)
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "go: FOLDER LOG-KEY [EARLIER-CHECKPOINT [RECORD PROOF]]")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go: FAULT", err)
		os.Exit(1)
	}
}
