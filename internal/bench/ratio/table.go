package main

import (
	"fmt"
	"go/version"
	"math"
	"strings"
)

// A platform is what the figures were measured on.
type platform struct {
	goVersion, os, arch string
	cpus                int
}

// comparable reports whether a ratio to Handwritten means something: from Go
// 1.27 on, and in an experiment before, encoding/json runs on the same decoder
// as we do. Versions with an experiment in them are not valid to go/version.
func (p platform) comparable() bool {
	return version.IsValid(p.goVersion) && version.Compare(p.goVersion, "go1.27") < 0
}

// table writes the summaries in Markdown.
func table(p platform, rounds int, summaries []summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %d CPUs; medians of %d interleaved rounds, limits in parentheses.\n\n", p.goVersion, p.os, p.arch, p.cpus, rounds)
	b.WriteString("| vendor | Handler ns/op | ÷ Handwritten (limit) | ÷ Floor (limit) | allocations (limit) | bytes (limit) |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, s := range summaries {
		handwritten := "–"
		if p.comparable() {
			handwritten = figure(s.costs.handwritten, s.limits.handwritten, 2)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s | %s |\n", s.title, s.nsPerOp, handwritten,
			figure(s.costs.floor, s.limits.floor, 2), figure(s.costs.allocs, s.limits.allocs, 0), figure(s.costs.bytes, s.limits.bytes, 0))
	}
	return b.String()
}

// figure writes a figure beside its limit, and marks it if it is over. It is
// rounded up, so that one over its limit does not look as if it were not.
func figure(value, limit float64, decimals int) string {
	unit := math.Pow10(decimals)
	const noise = 1e-9 // of binary fractions, which is not to be rounded up
	shown := fmt.Sprintf("%.*f", decimals, math.Ceil(value*unit-noise)/unit)
	if value > limit {
		shown = "**" + shown + " over**"
	}
	return fmt.Sprintf("%s (%.*f)", shown, decimals, limit)
}
