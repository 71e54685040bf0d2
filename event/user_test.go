package event_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func TestUserKey(t *testing.T) {
	for want, users := range map[string][]event.User{
		"":                        {{}, {FullName: "Ada Lovelace"}, {Domain: "ACME"}, {Name: " "}, {Email: "\t"}, {Phone: " "}},
		"id:17":                   {{ID: "17"}, {ID: "17", Name: "ada", Domain: "ACME", Email: "ada@example.com", Phone: "+4712345678"}},
		"id:Ab":                   {{ID: "Ab"}}, // opaque: not folded
		"id:ab":                   {{ID: "ab"}},
		"id: 17":                  {{ID: " 17"}},
		`name:acme\ada`:           {{Domain: "ACME", Name: "Ada"}, {Domain: "acme", Name: "ada "}, {Name: `ACME\Ada`}, {Domain: "ACME", Name: "ada", Email: "other@example.com"}},
		`name:acme.example\ada`:   {{Domain: "ACME.example", Name: "ada"}}, // the other name of the same domain is not known to be one
		"name:ada":                {{Name: "ADA"}},
		"name:ada@acme.example":   {{Name: "Ada@ACME.example"}},
		`name:acme\åse`:           {{Domain: "ACME", Name: "ÅSE"}, {Domain: "ACME", Name: "åse"}},
		"email:ada@example.com":   {{Email: "Ada@Example.COM"}, {Email: " ada@example.com "}, {Email: "ada@example.com", Phone: "+4712345678"}},
		"email:ada+1@example.com": {{Email: "ada+1@example.com"}},
		"phone:+4712345678":       {{Phone: "+4712345678"}, {Phone: "+47 123 45 678"}, {Phone: "0047-1234 5678"}, {ID: "+4712345678", Phone: "+4712345678"}},
		"phone:12345678":          {{Phone: "12 34 56 78"}}, // of which country is not known
		"phone:+12125552390":      {{Phone: "+1 (212) 555-2390"}, {Phone: "+1.212.555.2390"}},
		"phone:12345 ext 6":       {{Phone: "12345 ext 6"}},
		"phone:anonymous":         {{Phone: "anonymous"}},
		"phone:+":                 {{Phone: "+"}},
	} {
		for _, u := range users {
			assert.Equal(t, want, u.Key(), "%+v", u)
		}
	}
}

// Letters that look like others, and become them in lower case, are other letters.
func TestUserKeyKeepsPeopleApart(t *testing.T) {
	for _, look := range []string{"ada\u212a", "ad\u0130", "аda", "ada\u0000", "ada\u200b"} {
		for _, plain := range []string{"adak", "adi", "ada", "ADAK"} {
			assert.NotEqual(t, event.User{Name: plain}.Key(), event.User{Name: look}.Key(), "%q", look)
			assert.NotEqual(t, event.User{Email: plain}.Key(), event.User{Email: look}.Key(), "%q", look)
		}
	}
	assert.NotEqual(t, event.User{ID: "name:ada"}.Key(), event.User{Name: "ada"}.Key())
}

// What each vendor gives.
func TestUserKeyOfVendors(t *testing.T) {
	for want, decode := range map[string]func() (*event.Event, error){
		`name:acme\ada`: func() (*event.Event, error) {
			return userlock.Decode([]byte(`{"EventType":1,"UserAccount":"ACME\\Ada"}`))
		},
		"phone:+4712345678": func() (*event.Event, error) { return unloc.Decode([]byte(`{"appUserId":"+4712345678"}`)) },
		"id:anonymous":      func() (*event.Event, error) { return unloc.Decode([]byte(`{"appUserId":"anonymous"}`)) },
		"id:user-17": func() (*event.Event, error) {
			return relock.Decode([]byte(`{"event":"session.ended","data":{"userId":"user-17"}}`))
		},
		"id:5f1c": func() (*event.Event, error) {
			return loginradius.Decode([]byte(`{"HookName":"login","Data":{"Uid":"5f1c","Email":[{"Type":"Primary","Value":"ada@example.com"}]}}`))
		},
	} {
		e, err := decode()
		require.NoError(t, err)
		assert.Equal(t, want, e.User.Key())
	}
}
