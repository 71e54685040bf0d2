package verifytest

import "fmt"

// CheckOne runs one check.
func CheckOne(v Vendor, name string) error {
	if err := v.complete(); err != nil {
		return err
	}
	for _, c := range checks {
		if c.name == name {
			return c.run(v)
		}
	}
	return fmt.Errorf("there is no check %q", name)
}
