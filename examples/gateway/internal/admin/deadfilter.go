package admin

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// filteredHeader is a header of the answer to GET /dead. It says that the list has only
// what the filter in the request selects: a gateway that knows no filters lists all.
const filteredHeader = "Accesshook-Filtered"

// parseList parses the query of GET /dead. It refuses what it does not know: a misspelled
// filter would list what nobody asked for.
func parseList(query url.Values) (f durable.DeadFilter, limit int, err error) {
	limit = maxDeadLetters
	for name, values := range query {
		value := values[0]
		switch name {
		case "after":
			f.After, err = strconv.ParseUint(value, 10, 64)
		case "limit":
			limit, err = strconv.Atoi(value)
		case "vendor":
			f.Vendor = value
		case "type":
			f.Type = event.Type(value)
		case "consumer":
			f.Consumer = value
		case "error":
			f.Error = value
		case "since":
			f.Since, err = time.Parse(time.RFC3339, value)
		case "until":
			f.Until, err = time.Parse(time.RFC3339, value)
		default:
			return f, 0, errors.New("there is a parameter other than after, limit, vendor, type, consumer, error, since and until")
		}
		if len(values) > 1 {
			return f, 0, errors.New("a parameter is there twice")
		}
		if err != nil {
			break
		}
	}
	if err != nil || limit < 1 || limit > maxDeadLetters {
		return f, 0, fmt.Errorf("after must be a number, limit 1 to %d, since and until times as in RFC 3339", maxDeadLetters)
	}
	if f.Validate() != nil {
		return f, 0, errors.New("no dead letter has such a vendor, type or consumer")
	}
	return f, limit, nil
}
