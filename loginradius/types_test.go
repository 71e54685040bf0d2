package loginradius_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

// mapping is LoginRadius's canonical list of events, in the spelling of its
// events API, and what they mean here.
var mapping = []struct {
	name string
	want event.Type
}{
	{"Login", "authentication.succeeded"},
	{"Register", "account.created"},
	{"UpdateProfile", "account.updated"},
	{"ResetPassword", "account.password_reset"},
	{"ChangePassword", "account.password_changed"},
	{"EmailVerification", "account.email_verified"},
	{"AddEmail", "account.email_added"},
	{"RemoveEmail", "account.email_removed"},
	{"BlockAccount", "account.blocked"},
	{"DeleteAccount", "account.deleted"},
	{"SetUsername", "account.username_changed"},
	{"CreateTraditionalAccount", "account.created"},
	{"AssignRoles", "account.roles_assigned"},
	{"UnassignRoles", "account.roles_removed"},
	{"SetPassword", "account.password_set"},
	{"LinkAccount", "account.linked"},
	{"UnlinkAccount", "account.unlinked"},
	{"UpdatePhoneId", "account.phone_changed"},
	{"VerifyPhoneNumber", "account.phone_verified"},
	{"InvalidateEmailVerification", "account.email_invalidated"},
	{"RemoveRoleContext", "account.role_context_removed"},
	{"CreateCustomObject", "object.created"},
	{"UpdateCustomObject", "object.updated"},
	{"DeleteCustomObject", "object.deleted"},
	{"InvalidatePhoneVerification", "account.phone_invalidated"},
	{"RemovePhoneId", "account.phone_removed"},
	{"ConsentProfileUpdate", "account.consent_updated"},
	{"SetPIN", "account.pin_set"},
	{"ResetPIN", "account.pin_reset"},
	{"ChangePIN", "account.pin_changed"},
	{"UpdateUid", "account.uid_changed"},
}

// hookNames are the names as they are sent.
var hookNames = func() (names []string) {
	for _, m := range mapping {
		names = append(names, strings.ToLower(m.name))
	}
	return names
}()

func TestEveryEventHasAType(t *testing.T) {
	require.Len(t, mapping, 31)
	known := make(map[event.Type]bool)
	for _, typ := range event.Types() {
		known[typ] = true
	}
	for _, m := range mapping {
		t.Run(m.name, func(t *testing.T) {
			require.True(t, known[m.want], "not in the shared vocabulary")
			for _, name := range []string{m.name, strings.ToLower(m.name), strings.ToUpper(m.name)} {
				e, err := loginradius.Decode([]byte(body(name, someTime, `{"Uid":"u-1"}`)))
				require.NoError(t, err)
				assert.Equal(t, m.want, e.Type)
				assert.Equal(t, name, e.VendorType, "verbatim")
				assert.Equal(t, event.OutcomeSuccess, e.Outcome)
				severity := event.SeverityInfo
				if m.want == event.AccountBlocked {
					severity = event.SeverityMedium
				}
				assert.Equal(t, severity, e.Severity)
				assert.Equal(t, "u-1", e.User.ID)
				h := e.Payload.(*loginradius.Hook)
				isObject := strings.HasPrefix(string(m.want), "object.")
				assert.Equal(t, isObject, h.Object != nil)
				assert.Equal(t, !isObject, h.Profile != nil)
			}
		})
	}
}
