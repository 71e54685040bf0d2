package settings

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/peterbourgon/ff/v3"
)

// prefix begins the names of the variables of flags.
const prefix = "GATEWAY"

// variable returns the name of the variable for a flag.
func variable(flag string) string {
	return prefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// onlyArgument has the flags that only the command line sets. A GATEWAY_VERSION often
// says which version somebody has installed.
var onlyArgument = map[string]bool{"accept-loss": true, "check": true, "check-store": true, "forget-sink": true, "version": true}

// read sets flags from the arguments, from variables, and from the file of -config. The
// first of them that sets a flag counts.
func read(flags *flag.FlagSet, args []string) error {
	err := ff.Parse(flags, args, ff.WithEnvVarPrefix(prefix), ff.WithConfigFileFlag("config"), ff.WithConfigFileParser(
		func(r io.Reader, set func(name, value string) error) error {
			if err := parseConfig(flags, r, set); err != nil {
				return fmt.Errorf("-config: %w", err)
			}
			return nil
		}))
	if errors.Is(err, flag.ErrHelp) {
		return flag.ErrHelp
	}
	return cmp.Or(checkVariables(flags), err)
}

// checkVariables refuses empty variables, which ff takes for unset: an empty
// GATEWAY_ALLOW_FROM would accept everybody.
func checkVariables(flags *flag.FlagSet) (err error) {
	flags.VisitAll(func(f *flag.Flag) {
		switch value, ok := os.LookupEnv(variable(f.Name)); {
		case !ok:
		case onlyArgument[f.Name]:
			err = cmp.Or(err, fmt.Errorf("%s is set, but -%s can only be an argument", variable(f.Name), f.Name))
		case value == "":
			err = cmp.Or(err, fmt.Errorf("%s is empty", variable(f.Name)))
		}
	})
	return err
}

// maxConfig is the largest configuration file in bytes. After a longer line, ff would
// ignore the rest of the file.
const maxConfig = 32 << 10

// word matches what is likely the name of a flag, rather than a secret.
var word = regexp.MustCompile(`^[a-z-]+$`)

// parseConfig calls set for each line of the configuration file.
func parseConfig(flags *flag.FlagSet, r io.Reader, set func(name, value string) error) error {
	content, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return err
	}
	if len(content) > maxConfig {
		return fmt.Errorf("the file has more than %d bytes", maxConfig)
	}
	seen := make(map[string]bool)
	return ff.PlainParser(bytes.NewReader(content), func(name, value string) error {
		switch {
		case !word.MatchString(name):
			return errors.New("a line is not the name of a flag, a space and a value")
		case flags.Lookup(name) == nil:
			return fmt.Errorf("there is no flag -%s", name)
		case name == "config" || onlyArgument[name]:
			return fmt.Errorf("-%s cannot be in the file", name)
		case seen[name]:
			return fmt.Errorf("-%s is set twice", name)
		}
		if b, ok := flags.Lookup(name).Value.(interface{ IsBoolFlag() bool }); value == "true" && !(ok && b.IsBoolFlag()) {
			return fmt.Errorf("-%s has no value", name) // ff makes it true
		}
		seen[name] = true
		return set(name, value)
	})
}
