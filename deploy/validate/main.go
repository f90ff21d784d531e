// Command validate builds the kustomizations named on its command line, as `kubectl kustomize`
// does, and checks every object without a cluster: it has only fields that its kind has, each
// of the right type, and its pods keep to the Pod Security Standard "restricted". With -out it
// also writes what it built, for checks in other languages.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "", "folder to write the built manifests to")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: validate [-out DIR] KUSTOMIZATION...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	failed := false
	for _, folder := range flag.Args() {
		if err := check(folder, *out); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", folder, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check builds one kustomization, writes it to out if that is not empty, and validates it.
func check(folder, out string) error {
	objects, manifest, err := build(folder)
	if err != nil {
		return err
	}
	if out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		name := filepath.Join(out, filepath.Base(folder)+".yaml")
		if err := os.WriteFile(name, manifest, 0o644); err != nil {
			return err
		}
	}
	if err := validate(objects); err != nil {
		return err
	}
	fmt.Printf("%s: %d objects, each valid; pods restricted\n", folder, len(objects))
	return nil
}
