package pgtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// defaults are the package's settings. Without fsync a server starts and commits
// fast; what it wrote outlives its death all the same, in the system's cache.
func defaults() map[string]string {
	return map[string]string{
		"listen_addresses": host, "unix_socket_directories": "", "max_connections": "100",
		"shared_buffers": "32MB", "fsync": "off", "full_page_writes": "off",
		"log_timezone": "UTC", "timezone": "UTC", "log_line_prefix": "%m [%p] %q%u@%d/%a ",
		"password_encryption": "scram-sha-256",
	}
}

// writeConfiguration writes postgresql.conf and pg_hba.conf.
func (s *Server) writeConfiguration(settings map[string]string) error {
	all := defaults()
	connection := "host"
	if s.tls {
		connection = "hostssl"
		maps.Copy(all, map[string]string{
			"ssl": "on", "ssl_min_protocol_version": "TLSv1.2",
			"ssl_cert_file": filepath.Join(s.dir, certificateFile), "ssl_key_file": filepath.Join(s.dir, keyFile),
		})
	}
	maps.Copy(all, settings)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(all[name], "'", "''"))
	}
	if err := s.install.write(filepath.Join(s.dataDir(), "postgresql.conf"), []byte(text.String())); err != nil {
		return err
	}
	access := fmt.Sprintf("%[1]s all all %[2]s/32 scram-sha-256\n%[1]s replication all %[2]s/32 scram-sha-256\n", connection, host)
	return s.install.write(filepath.Join(s.dataDir(), "pg_hba.conf"), []byte(access))
}

// Configure sets settings for the next start. It replaces what ALTER SYSTEM set.
func (s *Server) Configure(settings map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return s.install.write(filepath.Join(s.dataDir(), "postgresql.auto.conf"), []byte(text.String()))
}

// write makes a file that belongs to the servers' account and that nobody else
// can read.
func (i install) write(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("write a server's file: %w", err)
	}
	return i.own(path)
}
