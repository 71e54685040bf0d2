package country

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCode(t *testing.T) {
	tests := map[string]string{
		// alpha-2
		"NO": "NO", "no": "NO", "nO": "NO", "No": "NO", "AZ": "AZ", "za": "ZA", " no\n": "NO", "IS": "IS", "IN": "IN", "AND": "AD",
		// alpha-3
		"GBR": "GB", "gbr": "GB", " NOR ": "NO", "USA": "US", "DEU": "DE", "CHE": "CH", "ROU": "RO",
		// not assigned: reserved, for users, withdrawn, never
		"XX": "", "ZZ": "", "AA": "", "QM": "", "QZ": "", "XA": "", "XK": "", "XZ": "", "EU": "", "UN": "", "SU": "", "AC": "", "TA": "", "DG": "", "IC": "", "EA": "", "CP": "",
		"FX": "", "AN": "", "CS": "", "YU": "", "ZR": "", "TP": "", "DD": "", "AP": "", "A1": "", "A2": "", "O1": "", "T1": "", "XXA": "", "ZZZ": "", "AAA": "", "XKX": "", "ANT": "",
		// codes in wide use
		"UK": "GB", "uk": "GB", "EL": "GR", "U.K.": "GB",
		// names of ISO 3166-1
		"France": "FR", "Korea, Republic of": "KR", "Korea (the Republic of)": "KR", "Korea (the Democratic People's Republic of)": "KP",
		"United Kingdom of Great Britain and Northern Ireland (the)": "GB", "United States of America (the)": "US", "Russian Federation (the)": "RU",
		"Netherlands (Kingdom of the)": "NL", "Congo (the Democratic Republic of the)": "CD", "Congo (the)": "CG", "Viet Nam": "VN", "Türkiye": "TR",
		"Côte d'Ivoire": "CI", "Åland Islands": "AX", "Curaçao": "CW", "Réunion": "RE", "Saint Barthélemy": "BL", "Taiwan (Province of China)": "TW",
		"Virgin Islands (British)": "VG", "Virgin Islands (U.S.)": "VI", "Bolivia (Plurinational State of)": "BO", "Iran (Islamic Republic of)": "IR",
		"Micronesia (Federated States of)": "FM", "Moldova (the Republic of)": "MD", "Tanzania, the United Republic of": "TZ", "Palestine, State of": "PS",
		"Holy See (the)": "VA", "Lao People's Democratic Republic (the)": "LA", "Cabo Verde": "CV", "Eswatini": "SZ", "North Macedonia": "MK", "Czechia": "CZ",
		"Saint Helena, Ascension and Tristan da Cunha": "SH", "Bonaire, Sint Eustatius and Saba": "BQ", "Falkland Islands (the) [Malvinas]": "FK",
		// other names
		"South Korea": "KR", "Republic of Korea": "KR", "North Korea": "KP", "United States": "US", "U.S.A.": "US", "U.S.": "US", "us": "US", "the United States of America": "US", "United States (USA)": "US",
		"Russia": "RU", "Czech Republic": "CZ", "The Czech Republic": "CZ", "Turkey": "TR", "Turkiye": "TR", "Vietnam": "VN", "Ivory Coast": "CI", "Cote d'Ivoire": "CI", "Côte d’Ivoire": "CI", "Cote dIvoire": "CI",
		"Holland": "NL", "The Netherlands": "NL", "Netherlands": "NL", "Great Britain": "GB", "England": "GB", "Scotland": "GB", "Northern Ireland": "GB", "Ireland": "IE", "Republic of Ireland": "IE",
		"Burma": "MM", "Swaziland": "SZ", "Macedonia": "MK", "Cape Verde": "CV", "East Timor": "TL", "Macau": "MO", "Hong Kong SAR China": "HK", "Vatican City": "VA",
		"Syria": "SY", "Laos": "LA", "Iran": "IR", "Moldova": "MD", "Bolivia": "BO", "Venezuela": "VE", "Tanzania": "TZ", "Taiwan": "TW", "Brunei": "BN", "UAE": "AE", "U.A.E.": "AE",
		"Democratic Republic of the Congo": "CD", "DR Congo": "CD", "Republic of the Congo": "CG", "Congo - Kinshasa": "CD", "Congo (Brazzaville)": "CG", "People's Republic of China": "CN", "Republic of China": "TW",
		"St. Lucia": "LC", "St Kitts & Nevis": "KN", "St. Vincent & Grenadines": "VC", "Trinidad & Tobago": "TT", "Bosnia & Herzegovina": "BA", "Sao Tome & Principe": "ST", "São Tomé and Príncipe": "ST",
		"U.S. Virgin Islands": "VI", "British Virgin Islands": "VG", "Guinea Bissau": "GW", "Guinea": "GN", "Equatorial Guinea": "GQ", "Papua New Guinea": "PG", "Niger": "NE", "Nigeria": "NG", "Dominica": "DM", "Dominican Republic": "DO",
		"Samoa": "WS", "American Samoa": "AS", "Saint Martin (French part)": "MF", "Sint Maarten": "SX", "Sudan": "SD", "South Sudan": "SS", "Austria": "AT", "Australia": "AU", "Myanmar (Burma)": "MM",
		// letter case, accents, punctuation
		"FRANCE": "FR", "fRaNcE": "FR", "  France  ": "FR", "TÜRKİYE": "TR", "TU\u0308RKIYE": "TR", "tu\u0308rkiye": "TR", "RÉUNION": "RE", "viet  nam": "VN", "Viet-Nam": "VN", "Timor Leste": "TL", "united_states": "US", "UnitedKingdom": "",
		// nothing
		"": "", "N": "", "N1": "", "1N": "", "47": "", "@A": "", "A[": "", "`a": "", "a{": "", "é": "", "\x81\x81": "", "--": "", "N ": "", "\x00\x00": "", "'N": "",
		"unknown": "", "n/a": "", "null": "", "Korea": "", "Europe": "", "Atlantis": "", "Frankreich": "", "Kosovo": "", "Yugoslavia": "", "the": "", "of the": "", "France, Germany": "", "578": "",
		strings.Repeat("a", 1000): "", strings.Repeat("the ", 100) + "France": "",
	}
	for text, want := range tests {
		assert.Equal(t, want, Code(text), "%q", text)
	}
}

func TestName(t *testing.T) {
	for code, want := range map[string]string{
		"NO": "Norway", "AX": "Åland Islands", "GB": "United Kingdom of Great Britain and Northern Ireland",
		"no": "", "UK": "", "XX": "", "N": "", "NOR": "", "": "", "\xff\xff": "",
	} {
		assert.Equal(t, want, Name(code), code)
	}
}

func TestTable(t *testing.T) {
	require.Len(t, table, 249)
	assert.True(t, slices.IsSortedFunc(table[:], func(a, b country) int { return strings.Compare(a.alpha2, b.alpha2) }))
	alpha3 := map[string]bool{}
	owner := map[string]string{}
	for i, c := range table {
		if i > 0 {
			assert.NotEqual(t, table[i-1].alpha2, c.alpha2)
		}
		assert.Regexp(t, "^[A-Z]{2}$", c.alpha2)
		assert.Regexp(t, "^[A-Z]{3}$", c.alpha3)
		assert.False(t, alpha3[c.alpha3], "%s is there twice", c.alpha3)
		alpha3[c.alpha3] = true

		assert.Equal(t, c.alpha2, Code(c.alpha2))
		assert.Equal(t, c.alpha2, Code(strings.ToLower(c.alpha2)))
		assert.Equal(t, c.alpha2, Code(c.alpha3))
		for _, name := range append(strings.Split(c.names, "|"), c.alpha3) {
			folded := string(fold(nil, name))
			assert.NotEmpty(t, folded)
			assert.Empty(t, owner[folded], "%q of %s", name, c.alpha2)
			owner[folded] = c.alpha2
			assert.Equal(t, c.alpha2, Code(name), "%q", name)
			assert.Equal(t, c.alpha2, Code(strings.ToUpper(name)), "%q", name)
			assert.LessOrEqual(t, len(name), maxName)
		}
	}
}

// All pairs of letters: 249 are codes, and two are known besides.
func TestPairs(t *testing.T) {
	codes := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			s := string(a) + string(b)
			switch code := Code(s); {
			case code == s:
				codes++
			case code != "":
				assert.Contains(t, []string{"UK", "EL"}, s)
			}
		}
	}
	assert.Equal(t, 249, codes)
}

// FuzzCode holds for any text: a code that is assigned or none, whatever the case.
func FuzzCode(f *testing.F) {
	for _, s := range []string{"NO", "uk", "GBR", "Korea, Republic of", "Côte d’Ivoire", "TÜRKİYE", "St. Kitts & Nevis", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code := Code(s)
		if code != "" && (len(code) != 2 || code != strings.ToUpper(code) || Code(code) != code) {
			t.Fatalf("%q: %q", s, code)
		}
		if again := Code(" " + s + "."); again != code && len(s) < maxName-2 {
			t.Fatalf("%q: %q, with more around %q", s, code, again)
		}
	})
}

func TestCodeDoesNotAllocate(t *testing.T) {
	Code("France") // makes the table of names
	for _, s := range []string{"NO", "no", "XX", "GBR", "France", "Korea, Republic of", "United Kingdom of Great Britain and Northern Ireland"} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { Code(s) }), s)
	}
}

func BenchmarkCode(b *testing.B) {
	for _, s := range []string{"NO", "no", "XX", "GBR", "France", "Korea, Republic of", "United Kingdom of Great Britain and Northern Ireland"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Code(s)
			}
		})
	}
}
