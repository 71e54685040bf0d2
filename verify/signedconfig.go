package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/internal/credential"
)

// check refuses fields that contradict each other, or signed, the pieces of c.Signed.
func (c SignedConfig) check(signed []string) error {
	id, timestamp := slices.Contains(signed, "{id}"), slices.Contains(signed, "{timestamp}")
	var fault string
	switch {
	case c.Header == "":
		fault = "Header is empty"
	case c.Encoding != Hex && c.Encoding != Base64:
		fault = "Encoding is unknown"
	case c.Separator != "" && (strings.Contains(c.Prefix, c.Separator) || strings.Contains(c.TimestampPrefix, c.Separator)):
		fault = "Separator is in a prefix"
	case c.TimestampPrefix != "" && strings.HasPrefix(c.Prefix, c.TimestampPrefix):
		fault = "TimestampPrefix begins Prefix: no signature would be found"
	case id && c.IDHeader == "":
		fault = "IDHeader is empty, and {id} is signed"
	case !id && c.IDHeader != "":
		fault = "IDHeader is set, and {id} is not signed"
	case timestamp && c.TimestampHeader == "" && c.TimestampPrefix == "":
		fault = "TimestampHeader and TimestampPrefix are empty, and {timestamp} is signed"
	case !timestamp && c.TimestampHeader != "":
		fault = "TimestampHeader is set, and {timestamp} is not signed"
	case !timestamp && c.TimestampPrefix != "":
		fault = "TimestampPrefix is set, and {timestamp} is not signed"
	case c.TimestampHeader != "" && c.TimestampPrefix != "":
		fault = "TimestampHeader and TimestampPrefix are both set"
	case c.TimestampPrefix != "" && c.Separator == "":
		fault = "TimestampPrefix needs a Separator"
	case c.Window < 0:
		fault = "Window is negative"
	case c.Window > 0 && !timestamp:
		fault = "Window is set, and {timestamp} is not signed"
	case c.Window > 0 && c.InsecureNoWindow:
		fault = "Window and InsecureNoWindow are both set"
	}
	if fault != "" {
		return errors.New("verify: SignedConfig." + fault)
	}
	minKey := credential.MinKey
	if c.InsecureShortSecrets {
		minKey = 0
	}
	return credential.CheckAll("verify: SignedConfig.Secrets", c.Secrets, minKey)
}

// parseSigned splits a template into literals and placeholders, without the {body} at
// its end.
func parseSigned(template string) ([]string, error) {
	fail := func(fault string) ([]string, error) {
		return nil, fmt.Errorf("verify: SignedConfig.Signed %q %s", template, fault)
	}
	if template == "" {
		return nil, nil
	}
	rest, ok := strings.CutSuffix(template, "{body}")
	if !ok {
		return fail("does not end with {body}")
	}
	var pieces []string
	for rest != "" {
		end := strings.IndexByte(rest, '}') + 1
		switch start := strings.IndexByte(rest, '{'); {
		case start > 0:
			end = start
		case start < 0:
			end = len(rest)
		case end == 0:
			return fail("has a { without a }")
		}
		piece := rest[:end]
		rest = rest[end:]
		switch {
		case piece[0] != '{':
			if strings.Contains(piece, "}") {
				return fail("has a } without a {")
			}
		case piece != "{id}" && piece != "{timestamp}":
			return fail("has the unknown placeholder " + piece)
		case slices.Contains(pieces, piece):
			return fail("has " + piece + " twice")
		case piece == "{id}" && (rest == "" || rest[0] == '{'):
			return fail("has no separator after {id}")
		}
		pieces = append(pieces, piece)
	}
	return pieces, nil
}
