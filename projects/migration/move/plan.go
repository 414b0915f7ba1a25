package move

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
)

// TablesFile is the list of the tables that a move carries, below the checkout.
const TablesFile = "projects/migration/tables.yaml"

// tables is the file's form.
type tables struct {
	Tables []struct {
		Schema       string       `yaml:"schema"`
		Name         string       `yaml:"name"`
		Class        bgsync.Class `yaml:"class"`
		HarmlessOIDs []string     `yaml:"harmlessOids"`
	} `yaml:"tables"`
	Excluded []struct {
		Schema string `yaml:"schema"`
		Name   string `yaml:"name"`
		Reason string `yaml:"reason"`
	} `yaml:"excluded"`
}

// ReadTables reads the list for a lane. Every problem names the file.
func ReadTables(path, lane string) (*bgsync.Plan, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the checkout
	if err != nil {
		return nil, fmt.Errorf("read the list of tables: %w", err)
	}
	var file tables
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	plan := &bgsync.Plan{Lane: lane}
	for _, t := range file.Tables {
		plan.Tables = append(plan.Tables, bgsync.TablePlan{Schema: t.Schema, Name: t.Name, Class: t.Class, HarmlessOIDs: t.HarmlessOIDs})
	}
	for _, t := range file.Excluded {
		plan.Excluded = append(plan.Excluded, bgsync.Exclusion{Schema: t.Schema, Name: t.Name, Reason: t.Reason})
	}
	if err := plan.Validate(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is wrong", path), err)
	}
	return plan, nil
}
