// Writes the names of Go's own time zones, which the API server is built with: one
// a line, sorted.
package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func run(root, target string) error {
	zones, err := zip.OpenReader(filepath.Join(root, "lib/time/zoneinfo.zip"))
	if err != nil {
		return err
	}
	defer zones.Close()
	var names []string
	for _, zone := range zones.File {
		if !strings.HasSuffix(zone.Name, "/") {
			names = append(names, zone.Name)
		}
	}
	slices.Sort(names)
	text := strings.Join(names, "\n") + "\n"
	return os.WriteFile(filepath.Join(target, "time_zones.txt"), []byte(text), 0o644)
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
