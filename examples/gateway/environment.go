package main

import (
	"fmt"
	"slices"
	"strings"
)

// An environment looks a variable up, as [os.LookupEnv] does.
type environment func(name string) (value string, ok bool)

// variables returns the part of the help that is about the environment.
func variables() string {
	var b strings.Builder
	b.WriteString("Environment:\n")
	for _, v := range vendors {
		fmt.Fprintf(&b, "  %-20s %s\n", v.variable, v.means)
	}
	fmt.Fprintf(&b, "  %-20s %s\n", adminVariable, "user:password for the admin paths")
	fmt.Fprintf(&b, "  %-20s %s\n", rawKeysVariable, "keys of 32 bytes, hex or base64: the store keeps bodies, sealed with the first key")
	b.WriteString("Separate values by commas. Or add _FILE to a name and set it to the path of a file\n" +
		"with one value a line. A vendor without its variable is not served.\n")
	fmt.Fprintf(&b, "%s is the path of a file with the credentials of a NATS user.\n", natsCredentialsVariable)
	return b.String()
}

// inFile reports whether the values of a variable are in a file.
func (env environment) inFile(variable string) bool {
	_, ok := env(variable + "_FILE")
	return ok
}

// values returns the values of a variable, or of the file that its _FILE variant names,
// and which of the two they are from. If neither is set there are none. An error names
// the variable and never holds a value.
func (env environment) values(variable string) (values []string, from string, err error) {
	list, inVariable := env(variable)
	path, inFile := env(variable + "_FILE")
	switch {
	case inVariable && inFile:
		return nil, "", fmt.Errorf("%s and %[1]s_FILE are both set", variable)
	case inVariable:
		from = variable
		values = strings.Split(list, ",")
	case inFile:
		from = variable + "_FILE"
		if values, err = readLines(path); err != nil {
			return nil, "", fmt.Errorf("%s: %w", from, err)
		}
	}
	// An empty entry is a mistake, such as a template that was not filled in.
	if i := slices.Index(values, ""); i >= 0 {
		return nil, "", fmt.Errorf("%s: entry %d is empty", from, i+1)
	}
	return values, from, nil
}

// readLines returns the lines of a file without their line ends, LF or CRLF. The last
// line needs none. Nothing else is trimmed: white space around a secret is refused
// later.
func readLines(path string) ([]string, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines, nil
}
