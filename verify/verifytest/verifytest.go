package verifytest

import (
	"errors"
	"fmt"
	"testing"
)

// Run runs every check as a subtest of t.
func Run(t *testing.T, v Vendor) {
	t.Helper()
	if err := v.complete(); err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(v); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check runs every check and returns what failed, joined. It is [Run] without a
// testing.T.
func Check(v Vendor) error {
	if err := v.complete(); err != nil {
		return err
	}
	var errs []error
	for _, c := range checks {
		if err := c.run(v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

var checks = []struct {
	name string
	run  func(Vendor) error
}{
	{"accepts genuine requests", acceptsGenuine},
	{"accepts every credential of a rotation", acceptsRotation},
	{"refuses another credential", refusesOther},
	{"refuses a missing credential", refusesMissing},
	{"refuses a repeated credential", refusesRepeated},
	{"refuses a damaged credential", refusesDamaged},
	{"accepts hex of either case", acceptsHexCase},
	{"refuses one flipped bit anywhere in a signed body", refusesFlippedBits},
	{"refuses changed headers that are signed", refusesChangedHeaders},
	{"refuses bytes moved from a body to a signed header", refusesMovedBytes},
	{"refuses timestamps outside the window", refusesOutsideWindow},
	{"refuses weak credentials at construction", refusesWeak},
	{"swaps verifiers", swapsVerifiers},
	{"answers every method but POST with 405", refusesMethods},
	{"refuses a content encoding", refusesEncoding},
	{"bounds the body in size", boundsSize},
	{"bounds the body in time", boundsTime},
	{"refuses what is no JSON object", refusesNoObject},
	{"bounds nesting", boundsNesting},
	{"accepts an unknown event", acceptsUnknown},
	{"tolerates drifted fields", toleratesDrift},
	{"tolerates drifted headers", toleratesDriftedHeaders},
	{"tolerates new members", toleratesNewMembers},
	{"encodes what it accepts and decodes it back", roundTrips},
	{"answers for its callback", answersForCallback},
	{"offers the event and the body to middleware", middleware},
	{"agrees with itself", agrees},
	{"makes one event of one body", makesOneEvent},
	{"ignores other headers", ignoresOtherHeaders},
	{"keeps secrets", keepsSecrets},
}
