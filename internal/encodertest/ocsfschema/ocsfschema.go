// Package ocsfschema checks events against the Open Cybersecurity Schema Framework, for the
// tests of what writes them.
package ocsfschema

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/encodertest"
)

// A Schema is OCSF as its files define it, with what they extend and include put in. It
// does what the project's own server does to check an event, and more: see
// https://github.com/ocsf/ocsf-server.
type Schema struct {
	version    string
	categories map[string]definition // by name
	dictionary map[string]attribute
	types      map[string]dataType
	objects    map[string]item
	classes    map[string]item
}

// An item is a class or an object.
type item struct {
	Name        string               `json:"name"`
	Caption     string               `json:"caption"`
	Extends     string               `json:"extends"`
	Category    string               `json:"category"`
	UID         int                  `json:"uid"`
	Observable  int                  `json:"observable"`
	Attributes  map[string]attribute `json:"-"`
	Constraints map[string][]string  `json:"constraints"`
}

type attribute struct {
	Type        string                `json:"type"`
	IsArray     bool                  `json:"is_array"`
	Requirement string                `json:"requirement"`
	Profile     *string               `json:"profile"`
	Sibling     string                `json:"sibling"`
	Enum        map[string]definition `json:"enum"`
	Observable  int                   `json:"observable"`
	Deprecated  any                   `json:"@deprecated"`
}

type dataType struct {
	Caption    string `json:"caption"`
	Type       string `json:"type"`
	Regex      string `json:"regex"`
	MaxLen     int    `json:"max_len"`
	Range      []int  `json:"range"`
	Observable int    `json:"observable"`
	regex      *regexp.Regexp
}

type definition struct {
	UID     int    `json:"uid"`
	Caption string `json:"caption"`
}

// files is a folder of the schema's.
type files struct {
	testing.TB
	folder string
}

func (f files) read(name string, v any) {
	text, err := os.ReadFile(filepath.Join(f.folder, name))
	require.NoError(f, err)
	require.NoError(f, json.Unmarshal(text, v), name)
}

// Read reads version 1.8.0 of the schema, as [encodertest.Schemas] finds it.
func Read(t testing.TB) *Schema {
	t.Helper()
	f := files{t, filepath.Join(encodertest.Schemas(t), "ocsf-1.8.0")}
	var version struct{ Version string }
	f.read("version.json", &version)
	var categories struct{ Attributes map[string]definition }
	f.read("categories.json", &categories)
	var dictionary struct {
		Attributes map[string]json.RawMessage
		Types      struct{ Attributes map[string]dataType }
	}
	f.read("dictionary.json", &dictionary)
	s := &Schema{version: version.Version, categories: categories.Attributes, types: dictionary.Types.Attributes}
	s.dictionary = make(map[string]attribute)
	for name, text := range dictionary.Attributes {
		var a attribute
		require.NoError(t, json.Unmarshal(text, &a))
		s.dictionary[name] = a
	}
	for name, typ := range s.types {
		typ.regex = regexp.MustCompile(typ.Regex)
		s.types[name] = typ
	}
	s.objects = s.items(f, "objects")
	s.classes = s.items(f, "events")
	return s
}

// items reads the classes or objects of a folder, and puts in what each extends.
func (s *Schema) items(f files, folder string) map[string]item {
	read, raw := make(map[string]item), make(map[string]map[string]json.RawMessage)
	require.NoError(f, filepath.WalkDir(filepath.Join(f.folder, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(f.folder, path)
		if err != nil {
			return err
		}
		var i item
		var more struct{ Attributes map[string]json.RawMessage }
		f.read(name, &i)
		f.read(name, &more)
		read[i.Name], raw[i.Name] = i, more.Attributes
		return nil
	}))
	whole := make(map[string]item)
	var resolve func(name string) item
	resolve = func(name string) item {
		if i, ok := whole[name]; ok {
			return i
		}
		i, ok := read[name]
		require.True(f, ok, name)
		i.Attributes = make(map[string]attribute)
		if i.Extends != "" {
			parent := resolve(i.Extends)
			maps.Copy(i.Attributes, parent.Attributes)
			if i.Category == "" {
				i.Category = parent.Category
			}
			if i.Observable == 0 {
				i.Observable = parent.Observable
			}
			if i.Constraints == nil {
				i.Constraints = parent.Constraints
			}
		}
		s.merge(f, i.Attributes, raw[name], "")
		whole[name] = i
		return i
	}
	for name := range read {
		resolve(name)
	}
	return whole
}

// merge lays the attributes of a file over those that are there already.
func (s *Schema) merge(f files, attributes map[string]attribute, raw map[string]json.RawMessage, profile string) {
	if text, ok := raw["$include"]; ok {
		var names []string
		require.NoError(f, json.Unmarshal(text, &names))
		for _, name := range names {
			var p struct {
				Name       string
				Attributes map[string]json.RawMessage
			}
			f.read(name, &p)
			s.merge(f, attributes, p.Attributes, p.Name)
		}
	}
	for name, text := range raw {
		if name == "$include" {
			continue
		}
		a, ok := attributes[name]
		if !ok {
			a, ok = s.dictionary[name]
			require.True(f, ok, "%s is not in the dictionary", name)
		}
		a.Enum = maps.Clone(a.Enum)
		if profile != "" {
			a.Profile = &profile
		}
		require.NoError(f, json.Unmarshal(text, &a)) // null for the profile means without one
		attributes[name] = a
	}
}

// number returns the class_uid of a class, or -1 if it is only there to be extended.
func (s *Schema) number(i item) int {
	switch {
	case i.Name == "base_event":
		return 0
	case i.UID == 0:
		return -1
	}
	return s.categories[i.Category].UID*1000 + i.UID
}

// Matches reports whether text has the form of a type of the schema, such as "email_t".
func (s *Schema) Matches(typ, text string) bool { return s.types[typ].regex.MatchString(text) }

// Check returns what is wrong with an event.
func (s *Schema) Check(document map[string]any) []string {
	c := checker{Schema: s, document: document}
	if uid, ok := document["class_uid"].(float64); ok {
		for _, i := range s.classes {
			if s.number(i) == int(uid) {
				c.class = i
			}
		}
	}
	if c.class.Name == "" {
		return []string{"no such class_uid"}
	}
	if m, ok := document["metadata"].(map[string]any); ok {
		if m["version"] != s.version {
			c.fail("metadata.version", "is not %s", s.version)
		}
		all, _ := m["profiles"].([]any)
		for _, p := range all {
			c.profiles = append(c.profiles, fmt.Sprint(p))
		}
	}
	c.item("", c.class, document)
	c.classification()
	c.observables()
	slices.Sort(c.wrong)
	return c.wrong
}

type checker struct {
	*Schema
	class    item
	profiles []string
	document map[string]any
	wrong    []string
}

func (c *checker) fail(path, format string, args ...any) {
	c.wrong = append(c.wrong, path+" "+fmt.Sprintf(format, args...))
}

func (c *checker) enabled(a attribute) bool {
	return a.Profile == nil || slices.Contains(c.profiles, *a.Profile)
}

// item checks the members of an object of the document.
func (c *checker) item(path string, i item, object map[string]any) {
	for name, value := range object {
		a, ok := i.Attributes[name]
		switch {
		case !ok || !c.enabled(a):
			c.fail(path+name, "is no attribute of %s", i.Name)
		case a.Deprecated != nil:
			c.fail(path+name, "is deprecated")
		case a.IsArray:
			all, ok := value.([]any)
			if !ok || len(all) == 0 {
				c.fail(path+name, "is no array with elements")
			}
			for n, element := range all {
				c.value(fmt.Sprintf("%s%s[%d]", path, name, n), a, element, object)
			}
		default:
			c.value(path+name, a, value, object)
		}
	}
	for name, a := range i.Attributes {
		if _, ok := object[name]; !ok && a.Requirement == "required" && c.enabled(a) {
			c.fail(path+name, "is required")
		}
	}
	for constraint, names := range i.Constraints {
		n := 0
		for _, name := range names {
			if _, ok := object[name]; ok {
				n++
			}
		}
		switch {
		case constraint == "at_least_one" && n >= 1, constraint == "just_one" && n == 1:
		default:
			c.fail(strings.TrimSuffix(path, "."), "has %d of %s", n, constraint)
		}
	}
}

func (c *checker) value(path string, a attribute, value any, beside map[string]any) {
	if i, ok := c.objects[a.Type]; ok {
		object, ok := value.(map[string]any)
		switch {
		case !ok || len(object) == 0:
			c.fail(path, "is no object with members")
		case i.Name != "object": // which may have any
			c.item(path+".", i, object)
		}
		return
	}
	typ, name := c.types[a.Type], a.Type
	text, isText := value.(string)
	if typ.Type != "" {
		name = typ.Type
	}
	switch name {
	case "string_t":
		if !isText || text == "" {
			c.fail(path, "is no string with characters")
			return
		}
	case "integer_t", "long_t":
		n, ok := value.(float64)
		if !ok || n != math.Trunc(n) || name == "integer_t" && math.Abs(n) > math.MaxInt32 {
			c.fail(path, "is no %s", name)
			return
		}
		const first, last = -62_167_219_200_000, 253_402_300_799_999 // years 0 to 9999
		if a.Type == "timestamp_t" && (n < first || n > last) {
			c.fail(path, "is no time in milliseconds")
		}
	case "boolean_t":
		if _, ok := value.(bool); !ok {
			c.fail(path, "is no boolean")
		}
	case "float_t", "json_t":
	default:
		c.fail(path, "has the type %q", a.Type)
	}
	if isText && (!typ.regex.MatchString(text) || typ.MaxLen > 0 && utf8.RuneCountInString(text) > typ.MaxLen) {
		c.fail(path, "is no %s", a.Type)
	}
	if _, err := netip.ParseAddr(text); a.Type == "ip_t" && err != nil {
		c.fail(path, "is no address")
	}
	c.enum(path, a, value, beside)
}

// enum checks a value that must be one of a list, and the name beside it.
func (c *checker) enum(path string, a attribute, value any, beside map[string]any) {
	if a.Enum == nil || a.Type == "observable" || strings.HasSuffix(path, "class_uid") || strings.HasSuffix(path, "category_uid") {
		return
	}
	if strings.HasPrefix(path, "observables[") {
		return // the list is in all other files
	}
	key := fmt.Sprint(value)
	if n, ok := value.(float64); ok {
		key = strconv.Itoa(int(n))
	}
	d, ok := a.Enum[key]
	if !ok {
		c.fail(path, "is not one of the values")
		return
	}
	name, ok := beside[a.Sibling]
	switch {
	case a.Sibling == "":
	case key == "99" && (!ok || name == d.Caption):
		c.fail(path, "has no %s of its own", a.Sibling)
	case key != "99" && ok && name != d.Caption:
		c.fail(path, "has the %s %q, want %q", a.Sibling, name, d.Caption)
	}
}

// classification checks numbers and names that are made of others.
func (c *checker) classification() {
	number := func(name string) int {
		n, _ := c.document[name].(float64)
		return int(n)
	}
	category, ok := c.categories[c.class.Category]
	if !ok {
		category.Caption = "Uncategorized"
	}
	class := c.number(c.class)
	activity := number("activity_id")
	caption := c.class.Attributes["activity_id"].Enum[strconv.Itoa(activity)].Caption
	for name, want := range map[string]any{
		"category_uid": float64(category.UID), "category_name": category.Caption,
		"class_uid": float64(class), "class_name": c.class.Caption,
		"type_uid": float64(class*100 + activity), "type_name": c.class.Caption + ": " + caption,
	} {
		if got := c.document[name]; got != want {
			c.fail(name, "is %v, want %v", got, want)
		}
	}
}

// observables checks that each is a value of the document, and of the right type.
func (c *checker) observables() {
	all, _ := c.document["observables"].([]any)
	for n, o := range all {
		path := fmt.Sprintf("observables[%d]", n)
		o, _ := o.(map[string]any)
		name, _ := o["name"].(string)
		value, id, caption := c.find(name)
		switch {
		case value == nil:
			c.fail(path+".name", "is not in the document")
		case fmt.Sprint(value) != o["value"]:
			c.fail(path+".value", "is not that of %s", name)
		case o["type_id"] != float64(id) || id == 0:
			c.fail(path+".type_id", "is %v, want %d", o["type_id"], id)
		case o["type"] != nil && o["type"] != caption:
			c.fail(path+".type", "is %v, want %s", o["type"], caption)
		}
	}
}

// find returns the value that a path names, and of which type an observable of it is.
func (c *checker) find(path string) (value any, id int, caption string) {
	i := c.class
	value = c.document
	for name := range strings.SplitSeq(path, ".") {
		name, index, isElement := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		object, _ := value.(map[string]any)
		a := i.Attributes[name]
		value, id, caption = object[name], a.Observable, ""
		if isElement {
			all, _ := value.([]any)
			n, err := strconv.Atoi(index)
			if err != nil || n >= len(all) {
				return nil, 0, ""
			}
			value = all[n]
		}
		if typ := c.types[a.Type]; id == 0 {
			id, caption = typ.Observable, typ.Caption
		}
		i = c.objects[a.Type]
		if id == 0 {
			id, caption = i.Observable, i.Caption
		}
	}
	return value, id, caption
}
