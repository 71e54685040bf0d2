package mask

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep what is inside objects and arrays is looked at, as when decoding.
const maxDepth = 64

// body returns a body whose strings and numbers are masked unless they are known to be
// harmless. All else stays byte for byte: order, repeated names, white space. changed says
// how many names and values were masked. why says why nothing of it may stay.
func (p *Pass) body(body []byte) (masked []byte, changed int, why string) {
	text, hasMark := bytes.CutPrefix(body, []byte("\ufeff"))
	w := walk{Pass: p, text: text}
	w.in = jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	err := w.value(bodies(), 0)
	if err == nil {
		if _, err = w.in.ReadToken(); err == io.EOF {
			err = nil
		} else if err == nil {
			return nil, 0, fmt.Sprintf("more follows at byte %d", w.in.InputOffset())
		}
	}
	if err != nil {
		return nil, 0, notJSON(text, err)
	}
	if w.changed == 0 {
		return body, 0, ""
	}
	if hasMark {
		masked = append(masked, "\ufeff"...)
	}
	return append(append(masked, w.out...), text[w.copied:]...), w.changed, ""
}

// A walk goes through a body once.
type walk struct {
	*Pass
	in      *jsontext.Decoder
	text    []byte
	out     []byte // what text becomes, up to copied
	copied  int
	changed int
}

// read returns the next string or number as it is written, or a whole value.
func (w *walk) read() (jsontext.Value, error) { return w.in.ReadValue() }

// replace writes another string in place of the value that was read last.
func (w *walk) replace(read jsontext.Value, text string) {
	end := int(w.in.InputOffset())
	w.out = append(w.out, w.text[w.copied:end-len(read)]...)
	w.out, _ = jsontext.AppendQuote(w.out, text) // valid UTF-8
	w.copied = end
	w.changed++
}

// value goes through the next value, which is one of f.
func (w *walk) value(f *field, depth int) error {
	switch kind := w.in.PeekKind(); {
	case (kind == '{' || kind == '[') && depth == maxDepth:
		read, err := w.read()
		if err == nil {
			w.replace(read, "[redacted: nested too deep]")
		}
		return err
	case kind == '{':
		return w.object(f, depth+1)
	case kind == '[':
		return w.array(f, depth+1)
	case kind == '"':
		read, err := w.read()
		if err != nil {
			return err
		}
		return w.string(f, read, depth)
	case kind == '0':
		read, err := w.read()
		if err == nil && (!f.mayStay() || w.needles.in(string(read)) || guidLike.Match(read)) {
			w.replace(read, "[redacted number]")
		}
		return err
	default: // true, false, null, or an error
		_, err := w.in.ReadToken()
		return err
	}
}

func (w *walk) object(f *field, depth int) error {
	if _, err := w.in.ReadToken(); err != nil {
		return err
	}
	for w.in.PeekKind() == '"' {
		read, err := w.read()
		if err != nil {
			return err
		}
		name, valid := unquote(read)
		member := f.member(name)
		if shown := w.name(name); !valid || shown != name {
			w.replace(read, shown)
			member = unknown
		}
		if err := w.value(member, depth); err != nil {
			return err
		}
	}
	_, err := w.in.ReadToken()
	return err
}

func (w *walk) array(f *field, depth int) error {
	if _, err := w.in.ReadToken(); err != nil {
		return err
	}
	for kind := w.in.PeekKind(); kind != ']' && kind != jsontext.KindInvalid; kind = w.in.PeekKind() {
		if err := w.value(f, depth); err != nil {
			return err
		}
	}
	_, err := w.in.ReadToken()
	return err
}

func (w *walk) string(f *field, read jsontext.Value, depth int) error {
	text, valid := unquote(read)
	switch clean, ok := w.clean(text); {
	case text == "":
	case w.showIDs && depth == 1 && valid && isGUID(text):
		w.replace(read, firstDigits(text)) // perhaps the ID of a UserLock server: they tell an operator which
	case !valid || !ok || !f.mayStay():
		w.replace(read, shape(text))
	case clean != text:
		w.replace(read, clean)
	}
	return nil
}

// unquote returns the text of a JSON string, and false if it has broken UTF-8 or a lone
// surrogate.
func unquote(read jsontext.Value) (text string, valid bool) {
	unquoted, err := jsontext.AppendUnquote(nil, read)
	return string(unquoted), err == nil
}

// notJSON says why a body is no JSON, without a part of it.
func notJSON(body []byte, err error) string {
	at := len(body)
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = min(int(syntax.ByteOffset), len(body))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || at == len(body) {
		return fmt.Sprintf("it breaks off after %d bytes", len(body))
	}
	return fmt.Sprintf("%s is wrong at byte %d", class(body[at]), at)
}

// class says what kind of byte it is.
func class(c byte) string {
	switch {
	case c >= 0x80:
		return "a byte beyond ASCII"
	case c < ' ' || c == 0x7f:
		return "a control character"
	case '0' <= c && c <= '9':
		return "a digit"
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return "a letter"
	case c == '{' || c == '[' || c == '<':
		return fmt.Sprintf("%q", c)
	}
	return "a punctuation mark"
}
