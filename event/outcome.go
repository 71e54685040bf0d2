package event

import "fmt"

// An Outcome says whether what was attempted succeeded.
type Outcome int

// The zero Outcome is unknown.
const (
	OutcomeUnknown Outcome = iota
	OutcomeSuccess
	OutcomeFailure
)

var outcomeText = [...]string{"unknown", "success", "failure"}

// String returns "unknown", "success" or "failure".
func (o Outcome) String() string {
	if o < 0 || int(o) >= len(outcomeText) {
		return fmt.Sprintf("Outcome(%d)", int(o))
	}
	return outcomeText[o]
}

// MarshalText implements [encoding.TextMarshaler] with String.
// A value that has no name is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	text, err := o.text()
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

func (o Outcome) text() (string, error) {
	if o < 0 || int(o) >= len(outcomeText) {
		return "", fmt.Errorf("event: no such outcome: %d", int(o))
	}
	return outcomeText[o], nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] for the strings of String.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, s := range outcomeText {
		if s == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("event: no such outcome: %.32q", text)
}
