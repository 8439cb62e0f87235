// Writes what a Kubernetes API server tells about itself, condensed: its OpenAPI
// schemas without descriptions in one document, and its discovery in another.
// The same server gives the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type object = map[string]any

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: condense DIR")
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	overrides := &clientcmd.ConfigOverrides{CurrentContext: os.Getenv("WORKLOADCTL_TEST_CONTEXT")}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	server := server{client, strings.TrimSuffix(config.Host, "/")}
	openapi, err := server.openapi()
	if err != nil {
		return err
	}
	discovery, err := server.discovery()
	if err != nil {
		return err
	}
	if err := write(filepath.Join(args[0], "openapi.json.gz"), openapi); err != nil {
		return err
	}
	return write(filepath.Join(args[0], "discovery.json.gz"), discovery)
}

type server struct {
	client *http.Client
	url    string
}

func (s server) get(path, accept string) (object, error) {
	request, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", path, response.Status)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document object
	return document, decoder.Decode(&document)
}

// openapi returns all schemas by name.
func (s server) openapi() (object, error) {
	index, err := s.get("/openapi/v3", "application/json")
	if err != nil {
		return nil, err
	}
	schemas := object{}
	for _, entry := range index["paths"].(object) {
		document, err := s.get(entry.(object)["serverRelativeURL"].(string), "application/json")
		if err != nil {
			return nil, err
		}
		components, _ := document["components"].(object)
		found, _ := components["schemas"].(object)
		for name, schema := range found {
			schema := condense(schema.(object))
			if known, ok := schemas[name]; ok {
				if err := joinKinds(known.(object), schema); err != nil {
					return nil, fmt.Errorf("schema %s: %w", name, err)
				}
			} else {
				schemas[name] = schema
			}
		}
	}
	return object{"schemas": schemas}, nil
}

// condense drops what is written for people, and shortens references to the
// bare name of the schema that they refer to.
func condense(schema object) object {
	result := object{}
	for key, value := range schema {
		switch key {
		case "description", "externalDocs", "example", "title":
		case "$ref":
			result[key] = strings.TrimPrefix(value.(string), "#/components/schemas/")
		case "properties":
			properties := object{}
			for name, property := range value.(object) {
				properties[name] = condense(property.(object))
			}
			result[key] = properties
		case "allOf", "oneOf", "anyOf":
			parts := []any{}
			for _, part := range value.([]any) {
				parts = append(parts, condense(part.(object)))
			}
			if key == "allOf" && len(parts) == 1 {
				for name, part := range parts[0].(object) {
					result[name] = part
				}
			} else {
				result[key] = parts
			}
		case "items", "additionalProperties", "not":
			if nested, ok := value.(object); ok {
				value = condense(nested)
			}
			result[key] = value
		default:
			result[key] = value
		}
	}
	return result
}

const kinds = "x-kubernetes-group-version-kind"

// joinKinds adds the kinds of one copy of a schema to another's: each group's
// document names only its own, of DeleteOptions for example. Nothing else of
// the copies may differ.
func joinKinds(known, other object) error {
	joined := map[string]any{}
	for _, schema := range []object{known, other} {
		list, _ := schema[kinds].([]any)
		for _, kind := range list {
			joined[text(kind)] = kind
		}
	}
	if len(joined) > 0 {
		list := []any{}
		for _, key := range slices.Sorted(maps.Keys(joined)) {
			list = append(list, joined[key])
		}
		known[kinds], other[kinds] = list, list
	}
	if text(known) != text(other) {
		return errors.New("two documents differ about it")
	}
	return nil
}

// discovery returns the aggregated discovery of the legacy group and of all
// others in one list. The order of groups is the server's own: its preference.
func (s server) discovery() (object, error) {
	const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	legacy, err := s.get("/api", accept)
	if err != nil {
		return nil, err
	}
	groups, err := s.get("/apis", accept)
	if err != nil {
		return nil, err
	}
	items, ok := legacy["items"].([]any)
	if !ok {
		return nil, errors.New("the server has no aggregated discovery")
	}
	groups["items"] = append(items, groups["items"].([]any)...)
	return groups, nil
}

// text is JSON with sorted keys, the same for equal values.
func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was JSON before
	}
	return string(data)
}

// write writes JSON with sorted keys, compressed without a time or a name.
func write(path string, document object) error {
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
