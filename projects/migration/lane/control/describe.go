package control

import "fmt"

// Describe says in words where a store keeps its items, for messages.
func Describe(s Store) string {
	switch s := s.(type) {
	case *Dynamo:
		return "table " + s.Table
	case *File:
		return "folder " + s.Folder
	case *Memory:
		return "the store in memory"
	default:
		return fmt.Sprintf("store %T", s)
	}
}
