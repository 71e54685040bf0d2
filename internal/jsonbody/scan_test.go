package jsonbody

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScan(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want string // the tokens, with a space between them
	}{
		"object":                 {`{}`, `{ }`},
		"array":                  {`[]`, `[ ]`},
		"string":                 {`"a"`, `"a"`},
		"number":                 {`1`, `1`},
		"words":                  {`[null,true,false]`, `[ null true false ]`},
		"numbers":                {`[0,-0,10,1.50,1e3,1E+3,-1.5e-30,123456789012345678901]`, `[ 0 -0 10 1.50 1e3 1E+3 -1.5e-30 123456789012345678901 ]`},
		"members":                {`{"a":1,"b":{"c":[]}}`, `{ "a" 1 "b" { "c" [ ] } }`},
		"white space":            {" {\n\"a\" \t: [ 1 , { } ] ,\r\n\"b\" :2 } \r", `{ "a" [ 1 { } ] "b" 2 }`},
		"brackets in strings":    {`{"}":"]","[":"{"}`, `{ "}" "]" "[" "{" }`},
		"escapes":                {`["\"\\\/\b\f\n\r\t\u00e4\uABCD"]`, `[ "\"\\\/\b\f\n\r\t\u00e4\uABCD" ]`},
		"ends in backslashes":    {`["a\\","b\\\\","c\\\""]`, `[ "a\\" "b\\\\" "c\\\"" ]`},
		"lone surrogate":         {`["\ud800"]`, `[ "\ud800" ]`},
		"broken UTF-8":           {"[\"\xff\xc3\",\"\xed\xa0\x80\"]", "[ \"\xff\xc3\" \"\xed\xa0\x80\" ]"},
		"DEL":                    {"[\"\x7f\"]", "[ \"\x7f\" ]"},
		"quote behind non-ASCII": {"[\"ä\",\"äöüßäöüß\",\"1234567ä\"]", "[ \"ä\" \"äöüßäöüß\" \"1234567ä\" ]"},
		"repeated names":         {`{"a":1,"a":2}`, `{ "a" 1 "a" 2 }`},
	} {
		t.Run(name, func(t *testing.T) {
			tokens, _, err := tape(nil).scan([]byte(tt.text), MaxDepth)
			require.NoError(t, err)
			assert.Equal(t, tt.want, spell(tt.text, tokens))
			assert.NoError(t, compare([]byte(tt.text)))
		})
	}
}

// Where in a string something stands must not matter to a scanner that looks at
// eight bytes at once.
func TestScanStringsOfAllLengths(t *testing.T) {
	for _, special := range []string{"", `\"`, `\\`, `\u0041`, "ä", "\xff", " ", "!", "#", "[", "]", "\x7f", "\x80"} {
		for before := range 20 {
			for after := range 20 {
				text := `["` + strings.Repeat("a", before) + special + strings.Repeat("b", after) + `",1]`
				require.NoError(t, compare([]byte(text)), "%q", text)
				_, _, err := tape(nil).scan([]byte(text), MaxDepth)
				require.NoError(t, err, "%q", text)
			}
		}
	}
	for _, broken := range []string{"\x00", "\n", "\x1f", `\x`, `\u12-`, `\u12g4`, `"`} {
		for before := range 20 {
			for after := range 10 {
				text := `["` + strings.Repeat("a", before) + broken + strings.Repeat("b", after) + `"]`
				_, _, err := tape(nil).scan([]byte(text), MaxDepth)
				require.ErrorIs(t, err, ErrSyntax, "%q", text)
				require.NoError(t, compare([]byte(text)), "%q", text)
			}
		}
	}
}

func TestScanErrors(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `[`, `}`, `]`, `{]`, `[}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a" 1}`, `{"a"::1}`, `{a:1}`, `{1:1}`, `{"a":1 "b":2}`,
		`[,]`, `[1,]`, `[1 2]`, `[1:2]`, `{}{}`, `{}x`, `[]]`, `1 2`, `"a`, `"a\`, `"\`, `'a'`, "\"a\nb\"", `["\x"]`, `["\u00"]`, `["\u00zz"]`,
		`01`, `-`, `+1`, `.5`, `1.`, `1.e3`, `1e`, `1e+`, `--1`, `0x10`, `1_000`, `Infinity`, `NaN`, `-Infinity`,
		`nul`, `nulL`, `True`, `tru`, `truee`, `nullnull`, `undefined`, "\ufeff{}", "\u00a0{}", "\f{}", `{"a":1}` + "\x00", `// a`, `{/**/}`,
	} {
		_, _, err := tape(nil).scan([]byte(text), MaxDepth)
		assert.ErrorIs(t, err, ErrSyntax, "%q", text)
		assert.NoError(t, compare([]byte(text)), "%q", text)
	}
}

func TestScanDepth(t *testing.T) {
	nested := func(objects, arrays int) string {
		return strings.Repeat(`{"a":`, objects) + strings.Repeat("[", arrays) + "1" + strings.Repeat("]", arrays) + strings.Repeat("}", objects)
	}
	const most = MaxDepth
	many := strings.Repeat("[", 100)
	require.Equal(t, 64, most)
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"objects":                      {nested(most, 0), nil},
		"arrays":                       {nested(0, most), nil},
		"mixed":                        {nested(30, most-30), nil},
		"too many objects":             {nested(most+1, 0), ErrTooDeep},
		"too many arrays":              {nested(0, most+1), ErrTooDeep},
		"too many of both":             {nested(30, most-29), ErrTooDeep},
		"open":                         {strings.Repeat(`{"a":`, 100_000), ErrTooDeep},
		"behind much":                  {`{"a":[` + strings.Repeat("{},", 1000) + `1],"b":` + nested(most, 0) + "}", ErrTooDeep},
		"wide":                         {`[` + strings.Repeat("[{}],", 1000) + "[]]", nil},
		"twice, side by side":          {`{"a":` + nested(0, most-1) + `,"b":` + nested(most-1, 0) + "}", nil},
		"brackets in a string":         {`{"a":"` + many + `"}`, nil},
		"brackets in a name":           {`{"` + many + `":1}`, nil},
		"brackets behind a quote":      {`{"a":"\"` + many + `"}`, nil},
		"closing brackets in a string": {`{"a":"` + strings.Repeat("]", 100) + `","b":` + nested(0, most) + "}", ErrTooDeep},
		"behind an escaped backslash":  {`{"a":"\\","b":` + nested(0, most) + "}", ErrTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := tape(nil).scan([]byte(tt.text), MaxDepth)
			assert.ErrorIs(t, err, tt.want)
			assert.NoError(t, compare([]byte(tt.text)))
		})
	}
}

func TestScanTraits(t *testing.T) {
	for text, want := range map[string][2]bool{
		`{"a":"b","c":[1]}`:  {false, false},
		`{"a":"\n"}`:         {true, false},
		`{"\u0061":1}`:       {true, false},
		`{"ä":1}`:            {false, true},
		"[\"\xff\"]":         {false, true},
		`["12345678ä","\\"]`: {true, true},
	} {
		_, seen, err := tape(nil).scan([]byte(text), MaxDepth)
		require.NoError(t, err)
		assert.Equal(t, want, [2]bool{seen.escapes, seen.nonASCII}, "%q", text)
	}
}

// A tape is used again: what stood on it must not show.
func TestScanOnAUsedTape(t *testing.T) {
	used, _, err := tape(nil).scan([]byte(`{"a":[1,2,3],"b":{"c":null}}`), MaxDepth)
	require.NoError(t, err)
	again, _, err := used[:0].scan([]byte(`[[]]`), MaxDepth)
	require.NoError(t, err)
	assert.Equal(t, `[ [ ] ]`, spell(`[[]]`, again))
	assert.Equal(t, tape{{0, 3}, {1, 2}, {2, 3}, {3, 4}}, again)
}

// spell returns the tokens with spaces between them.
func spell(text string, tokens tape) string {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		end := t.end
		if c := text[t.start]; c == '{' || c == '[' {
			end = t.start + 1
		}
		words[i] = text[t.start:end]
	}
	return strings.Join(words, " ")
}

// compare returns an error if scan does not say of text what the JSON library says.
func compare(text []byte) error {
	tokens, seen, err := tape(nil).scan(text, MaxDepth)
	want, wantErr := library(text)
	switch {
	case err != wantErr:
		return fmt.Errorf("%v, but the library says %v", err, wantErr)
	case err != nil:
		return nil
	case len(tokens) != len(want):
		return fmt.Errorf("%d tokens, not %d", len(tokens), len(want))
	case seen.escapes != bytes.ContainsRune(text, '\\'):
		return errors.New("escapes")
	case seen.nonASCII != bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }):
		return errors.New("not ASCII")
	}
	var open []int
	behind := 0
	for i, token := range tokens {
		start, end := int(token.start), int(token.end)
		switch c := text[start]; c {
		case '{', '[':
			open = append(open, i)
			end = start + 1
		case '}', ']':
			if last := len(open) - 1; last < 0 || int(tokens[open[last]].end) != i {
				return fmt.Errorf("token %d is not the end of what is open", i)
			}
			open = open[:len(open)-1]
		}
		if end != want[i] {
			return fmt.Errorf("token %d ends at %d, not %d", i, end, want[i])
		}
		if len(bytes.Trim(text[behind:start], " \t\r\n,:")) > 0 {
			return fmt.Errorf("something before token %d is left out", i)
		}
		behind = end
	}
	return nil
}

// library returns where the tokens of text end.
func library(text []byte) (ends []int, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(text), lenient)
	for {
		if _, err := dec.ReadToken(); err != nil {
			return nil, ErrSyntax
		}
		end := int(dec.InputOffset())
		ends = append(ends, end)
		switch depth := dec.StackDepth(); {
		case depth > MaxDepth:
			return nil, ErrTooDeep
		case depth == 0 && len(bytes.Trim(text[end:], " \t\r\n")) > 0:
			return nil, ErrSyntax
		case depth == 0:
			return ends, nil
		}
	}
}

// scanSeeds are valid, and have each construct of JSON.
var scanSeeds = []string{
	`{"event":"session.created","timestamp":"2024-05-14T08:31:07.123Z","data":{"userId":"u-17","n":[1,-2.50e+3,true,false,null],"deep":{"x":[[],[{}]]}}}`,
	` { "a" : [ 1 , 2 ] ,` + "\r\n\t" + `"b" : { } , "c" : "" } `,
	`{"abcdefghijklmnopqrstuvwxyz":"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789","\"\\\/\b\f\n\r\t\u00e4":"\ud83d\ude00\ud800","ä":"漢😀"}`,
	`[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{"a":[0]}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]`,
	`{"a":1,"a":{"a":"\\"},"":[0.1,0e0,1E9,-0]}`,
}

// Bodies that are nearly right are judged as the library does.
func TestScanMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 4))
	alphabet := []byte("{}[]:,\"\\ \t\n\r0123456789-+.eEtrufalsnb/\x00\x1f\x7f\x80\xc3\xa4\xff")
	const bodies = 100_000
	valid := 0
	for range bodies {
		b := []byte(scanSeeds[random.IntN(len(scanSeeds))])
		for range 1 + random.IntN(3) {
			i := random.IntN(len(b))
			c := alphabet[random.IntN(len(alphabet))]
			switch random.IntN(5) {
			case 0: // another byte
				b[i] = c
			case 1: // one less
				b = append(b[:i], b[i+1:]...)
			case 2: // one more
				b = append(b[:i], append([]byte{c}, b[i:]...)...)
			case 3: // a piece twice
				piece := bytes.Clone(b[i:min(len(b), i+1+random.IntN(20))])
				at := random.IntN(len(b))
				b = append(b[:at], append(piece, b[at:]...)...)
			case 4: // a bit
				b[i] ^= 1 << random.IntN(8)
			}
			if len(b) == 0 {
				b = []byte("{")
			}
		}
		if err := compare(b); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if jsontext.Value(b).IsValid(lenient) {
			valid++
		}
	}
	assert.Greater(t, valid, bodies/10, "too few of them are valid")
	assert.Less(t, valid, bodies/2, "too many of them are valid")
}

// FuzzScan compares the scanner with the JSON library.
func FuzzScan(f *testing.F) {
	for _, text := range scanSeeds {
		f.Add([]byte(text))
	}
	for _, text := range []string{``, `{"a`, `"\\`, `{}}`, `[1,]`, `{"a":tru}`, "\ufeff{}", "[\"\xff\"]", strings.Repeat("[", MaxDepth+1)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		if err := compare(text); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, text) {
			t.Fatal("the text was changed")
		}
	})
}
