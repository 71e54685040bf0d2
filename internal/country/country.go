// Package country finds the ISO 3166-1 code of a country that a vendor names by a
// code or in English.
package country

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Code returns the ISO 3166-1 alpha-2 code of the country that s names, in upper
// case, or "" if there is none: only codes that are assigned to a country count,
// none that ISO reserves, leaves to users (XK, ZZ) or has withdrawn.
//
// It takes alpha-2 and alpha-3 codes, ISO's English short names and other usual
// English names, whatever their letter case, accents, punctuation and order of
// words. Two codes outside the standard are known, since they are in wide use and
// mean nothing else: UK is GB and EL, the European Union's code of Greece, is GR.
// A name that may mean two countries (Korea) has no code.
func Code(s string) string {
	if len(s) == 2 {
		if code := alpha2(s[0], s[1]); code != "" {
			return code
		}
	}
	if len(s) < 2 || len(s) > maxName {
		return ""
	}
	var buf [2 * maxName]byte
	return names()[string(fold(buf[:0], s))]
}

// Name returns the English short name of the country that has an alpha-2 code in upper
// case, or "" if there is none.
func Name(code string) string {
	if len(code) != 2 || alpha2(code[0], code[1]) != code {
		return ""
	}
	name, _, _ := strings.Cut(table[rows[int(code[0]-'A')*26+int(code[1]-'A')]-1].names, "|")
	return name
}

// maxName bounds the work for a name: no name in the table is as long.
const maxName = 80

// rows has the place in table of each alpha-2 code, counted from 1. The zero is
// for what is not assigned.
var rows = func() (rows [26 * 26]uint8) {
	for i, c := range table {
		rows[int(c.alpha2[0]-'A')*26+int(c.alpha2[1]-'A')] = uint8(i + 1)
	}
	return rows
}()

func alpha2(a, b byte) string {
	a, b = a&^0x20-'A', b&^0x20-'A'
	if a >= 26 || b >= 26 {
		return ""
	}
	i := rows[int(a)*26+int(b)]
	if i == 0 {
		return ""
	}
	return table[i-1].alpha2
}

// names has the code of every folded name and alpha-3 code.
var names = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string, 4*len(table))
	for _, c := range table {
		codes[string(fold(nil, c.alpha2))] = c.alpha2
		codes[string(fold(nil, c.alpha3))] = c.alpha2
		for name := range strings.SplitSeq(c.names, "|") {
			codes[string(fold(nil, name))] = c.alpha2
		}
	}
	return codes
})

// fold appends the words of a name in lower case, without accents, and sorted, so
// that "Korea, Republic of" and "the Republic of Korea" are one. Words that tell
// nothing apart are left out.
func fold(dst []byte, s string) []byte {
	type span struct{ from, to int } // pointers would move all of it to the heap
	var (
		letterBuf        [2 * maxName]byte
		wordBuf, leftBuf [8]span

		letters     = letterBuf[:0] // of all words
		words, left = wordBuf[:0], leftBuf[:0]
		from        int // of the word at hand
	)
	end := func() {
		switch word := string(letters[from:]); word {
		case "":
		case "the", "of", "and":
			left = append(left, span{from, len(letters)})
		case "st":
			letters = append(letters[:from], "saint"...)
			words = append(words, span{from, len(letters)})
		default:
			words = append(words, span{from, len(letters)})
		}
		from = len(letters)
	}
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case 'a' <= r && r <= 'z':
			letters = append(letters, byte(r))
		case r == '\'' || r == '’' || r == '`' || r == '.', unicode.Is(unicode.Mn, r):
			// Within a word: Côte d'Ivoire, U.S., an accent of its own.
		default:
			if base := unaccented[r]; base != 0 {
				letters = append(letters, base)
			} else {
				end()
			}
		}
	}
	end()
	if len(words) == 0 {
		words = left // the code AND of Andorra
	}
	slices.SortFunc(words, func(a, b span) int { return bytes.Compare(letters[a.from:a.to], letters[b.from:b.to]) })
	for i, word := range words {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, letters[word.from:word.to]...)
	}
	return dst
}

// unaccented has the letters with accents that names of countries are written with.
var unaccented = map[rune]byte{
	'à': 'a', 'á': 'a', 'â': 'a', 'ã': 'a', 'ä': 'a', 'å': 'a', 'ā': 'a',
	'ç': 'c', 'è': 'e', 'é': 'e', 'ê': 'e', 'ë': 'e',
	'ì': 'i', 'í': 'i', 'î': 'i', 'ï': 'i', 'ı': 'i', 'ñ': 'n',
	'ò': 'o', 'ó': 'o', 'ô': 'o', 'õ': 'o', 'ö': 'o', 'ø': 'o',
	'ù': 'u', 'ú': 'u', 'û': 'u', 'ü': 'u',
}
