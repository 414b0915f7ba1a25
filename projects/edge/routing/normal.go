package routing

import (
	"net/url"
	"path"
	"strings"
)

// Normalised returns a path in the normal form of RFC 3986, sections 6.2.2.1 to
// 6.2.2.3: unreserved characters decoded, hexadecimal digits in capitals, dot
// segments removed. AWS says that rules are evaluated after a normalisation and
// not which (user guide for Application Load Balancers, "Condition types for
// listener rules"); a router has to be right for the path as it came and for this
// one.
func Normalised(raw string) string {
	return removeDots(decodeUnreserved(raw))
}

func decodeUnreserved(raw string) string {
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' || i+2 >= len(raw) {
			out.WriteByte(raw[i])
			continue
		}
		code := raw[i : i+3]
		text, err := url.PathUnescape(code)
		switch {
		case err != nil:
			out.WriteByte('%')
			continue
		case len(text) == 1 && unreserved(text[0]):
			out.WriteString(text)
		default:
			out.WriteString(strings.ToUpper(code))
		}
		i += 2
	}
	return out.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// removeDots resolves . and .. by segment; empty segments stay, as in the RFC.
func removeDots(raw string) string {
	if !strings.HasPrefix(raw, "/") {
		return raw
	}
	segments := strings.Split(raw[1:], "/")
	var kept []string
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".", "..":
			if segment == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 1 && kept[0] == "" {
		return path.Clean("/")
	}
	return "/" + strings.Join(kept, "/")
}
