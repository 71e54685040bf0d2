package rewrite

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strings"
)

// An Order is the order of the members of an object, and of those within it.
type Order struct {
	alphabetical bool
	ranks        map[string]int
	within       map[string]*Order
}

// Alphabetical is the order of the bytes of the names, at every depth.
var Alphabetical = &Order{alphabetical: true}

// Names returns an order of names. Others stand behind them, as they come.
func Names(names ...string) *Order {
	o := &Order{ranks: make(map[string]int), within: make(map[string]*Order)}
	for _, name := range names {
		o.add(name)
	}
	return o
}

func (o *Order) add(name string) {
	if _, ok := o.ranks[name]; !ok {
		o.ranks[name] = len(o.ranks)
	}
}

// With returns o with an order within the member of that name, if it is not nil.
func (o *Order) With(name string, within *Order) *Order {
	if within != nil {
		o.within[name] = within
	}
	return o
}

// Fields returns the order of the fields of a struct by their json tags, and of the
// structs in it. It is nil for other types.
func Fields(t reflect.Type) *Order { return fields(t, 0) }

func fields(t reflect.Type, depth int) *Order {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	const enough = 8 // a type may contain itself
	if t.Kind() != reflect.Struct || depth == enough {
		return nil
	}
	o := Names()
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := fields(f.Type, depth+1)
		switch {
		case name == "-":
		case name != "":
			o.add(name)
			if inner != nil {
				o.within[name] = inner
			}
		case f.Anonymous && inner != nil:
			for _, name := range inner.names() {
				o.add(name)
				if w := inner.within[name]; w != nil {
					o.within[name] = w
				}
			}
		}
	}
	if len(o.ranks) == 0 {
		return nil
	}
	return o
}

func (o *Order) names() []string {
	names := make([]string, len(o.ranks))
	for name, rank := range o.ranks {
		names[rank] = name
	}
	return names
}

func (o *Order) sort(t *Text, kids []node) {
	type ranked struct {
		name string
		rank int
		node
	}
	all := make([]ranked, len(kids))
	for i, n := range kids {
		all[i] = ranked{name: t.nameOf(n), node: n}
		if rank, ok := o.ranks[all[i].name]; ok || o.alphabetical {
			all[i].rank = rank
		} else {
			all[i].rank = math.MaxInt
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		if o.alphabetical {
			return strings.Compare(a.name, b.name)
		}
		return cmp.Compare(a.rank, b.rank)
	})
	for i, r := range all {
		kids[i] = r.node
	}
}

// below returns the order within a member. That of an array is the order within its
// elements.
func (o *Order) below(t *Text, member *node) *Order {
	if o == nil || o.alphabetical {
		return o
	}
	return o.within[t.nameOf(*member)]
}
