// Writes what the published schemas leave out about the built-in kinds. About zero
// values: which fields keep one (they are pointers in Go), which are written even
// when they are zero, and which structs are left out when they are empty. About
// protobuf: the numbers of the fields.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type named interface{ OpenAPIModelName() string }

// Fields by schema, each list sorted: pointers to scalars, scalars and lists that
// are always written, structs that are left out when empty.
type fields struct {
	Kept   []string `json:"kept,omitempty"`
	Always []string `json:"always,omitempty"`
	Empty  []string `json:"empty,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: zeros DIR")
		os.Exit(1)
	}
	if err := apiextensions.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	if err := apiregistration.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	found, numbers := map[string]*fields{}, map[string][]string{}
	for _, kind := range scheme.Scheme.AllKnownTypes() {
		walk(kind, found)
		number(kind, numbers)
	}
	published, err := schemas(filepath.Join(os.Args[1], "openapi.json.gz"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	for name, entry := range found {
		if _, ok := published[name]; !ok || entry == nil || len(entry.Kept)+len(entry.Always)+len(entry.Empty) == 0 {
			delete(found, name)
		}
	}
	if err := write(filepath.Join(os.Args[1], "protobuf.json.gz"), reachable(numbers, published)); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	if err := write(filepath.Join(os.Args[1], "zeros.json.gz"), found); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// schemas returns the published schemas, of which alone anything is to be said.
func schemas(path string) (map[string]any, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var document struct{ Schemas map[string]any }
	return document.Schemas, json.NewDecoder(reader).Decode(&document)
}

func walk(kind reflect.Type, found map[string]*fields) {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		walk(kind.Elem(), found)
		return
	case reflect.Struct:
	default:
		return
	}
	model, ok := reflect.New(kind).Interface().(named)
	if !ok {
		return
	}
	name := model.OpenAPIModelName()
	if _, known := found[name]; known {
		return
	}
	entry := &fields{}
	found[name] = entry
	collect(kind, entry, found)
	slices.Sort(entry.Kept)
	slices.Sort(entry.Always)
	slices.Sort(entry.Empty)
}

func collect(kind reflect.Type, entry *fields, found map[string]*fields) {
	for i := range kind.NumField() {
		field := kind.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") || (field.Anonymous && tag == "") {
			if field.Type.Kind() == reflect.Struct {
				collect(field.Type, entry, found)
			}
			continue
		}
		if tag == "-" || tag == "" {
			continue
		}
		omit := strings.Contains(options, "omitempty")
		switch kind := field.Type.Kind(); kind {
		case reflect.Pointer:
			switch field.Type.Elem().Kind() {
			case reflect.Struct, reflect.Map, reflect.Slice:
				if !omit {
					entry.Always = append(entry.Always, tag)
				}
			default:
				entry.Kept = append(entry.Kept, tag)
			}
		case reflect.Struct:
			if strings.Contains(options, "omitzero") {
				entry.Empty = append(entry.Empty, tag)
			}
		default:
			if !omit {
				entry.Always = append(entry.Always, tag)
			}
		}
		walk(field.Type, found)
	}
}

// number collects the names of the fields by their numbers in protobuf. Of a struct
// whose fields are written among those of the one that holds it, there is its name,
// behind a `<`.
func number(kind reflect.Type, numbers map[string][]string) {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		number(kind.Elem(), numbers)
		return
	case reflect.Struct:
	default:
		return
	}
	model, ok := reflect.New(kind).Interface().(named)
	if !ok {
		return
	}
	name := model.OpenAPIModelName()
	if _, known := numbers[name]; known {
		return
	}
	numbers[name] = []string{}
	names := []string{}
	for i := range kind.NumField() {
		field := kind.Field(i)
		// `bytes,1,opt,name=metadata`
		parts := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(parts) < 2 {
			continue
		}
		at, err := strconv.Atoi(parts[1])
		if err != nil {
			panic(err)
		}
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") || (field.Anonymous && tag == "") {
			tag = "<" + reflect.New(field.Type).Interface().(named).OpenAPIModelName()
		}
		for len(names) <= at {
			names = append(names, "")
		}
		names[at] = tag
		number(field.Type, numbers)
	}
	numbers[name] = names
}

// reachable returns the numbers of published schemas, and of what is written among
// their fields.
func reachable(numbers map[string][]string, published map[string]any) map[string][]string {
	kept := map[string][]string{}
	var keep func(string)
	keep = func(name string) {
		if _, known := kept[name]; known || len(numbers[name]) == 0 {
			return
		}
		kept[name] = numbers[name]
		for _, field := range numbers[name] {
			if inline, ok := strings.CutPrefix(field, "<"); ok {
				keep(inline)
			}
		}
	}
	for name := range published {
		keep(name)
	}
	return kept
}

func write(path string, document any) error {
	var data, packed bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(data.Bytes()); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
