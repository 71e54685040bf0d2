package verifytest

import (
	"bytes"
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// roundTrip checks that e is encoded, decoded back and encoded to the same.
func (v Vendor) roundTrip(e *event.Event) error {
	line, err := cloudevent.Encode(e)
	if err != nil {
		return err
	}
	if bytes.ContainsAny(line, "\r\n") {
		return fmt.Errorf("encoded on more than one line")
	}
	back, err := cloudevent.Decode(line, cloudevent.Payloads{e.Vendor: v.Decode})
	if err != nil {
		return err
	}
	again, err := cloudevent.Encode(back)
	if err != nil {
		return err
	}
	escape, char := []byte(`\ufffd`), []byte("\ufffd") // broken UTF-8 becomes the first, and that the second
	if !bytes.Equal(bytes.ReplaceAll(line, escape, char), bytes.ReplaceAll(again, escape, char)) {
		return fmt.Errorf("encoded, decoded and encoded again it differs:\n%s\n%s", line, again)
	}
	return nil
}

func roundTrips(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, p := range append(v.payloads(), v.unknown()) {
		e, err := b.event(p)
		if err == nil {
			err = v.roundTrip(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
