package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	begin = "<!-- bench -->"
	end   = "<!-- /bench -->"
)

// replace puts text between the lines begin and end of document. Each must be
// there exactly once, and in this order.
func replace(document, text string) (string, error) {
	lines := strings.SplitAfter(document, "\n")
	from, err := lineOf(lines, begin)
	if err != nil {
		return "", err
	}
	to, err := lineOf(lines, end)
	if err != nil {
		return "", err
	}
	if to < from {
		return "", fmt.Errorf("%s comes before %s", end, begin)
	}
	text = "\n" + strings.Trim(text, "\n") + "\n\n" // Markdown wants a table to stand alone
	return strings.Join(slices.Concat(lines[:from+1], []string{text}, lines[to:]), ""), nil
}

func lineOf(lines []string, marker string) (int, error) {
	at := -1
	for i, line := range lines {
		if strings.TrimSpace(line) != marker {
			continue
		}
		if at >= 0 {
			return 0, fmt.Errorf("the line %s is there twice", marker)
		}
		at = i
	}
	if at < 0 {
		return 0, fmt.Errorf("there is no line %s", marker)
	}
	return at, nil
}

// replaceFile is replace for a file, whose permissions stay.
func replaceFile(name, text string) error {
	document, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := replace(string(document), text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(changed), 0o644)
}
