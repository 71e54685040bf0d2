package loginradius

import (
	"time"

	"github.com/accesshook/accesshook/event"
)

// A Profile is a customer's account. LoginRadius sends null for what it does not
// know, so any field may be zero. A zero field is left out of an encoding.
//
// Fields marked PII are personal data. Fields of type [event.Secret] are masked
// wherever a Profile is shown or encoded. Consents, KnownLoginVariables, RoleContext
// and SignupLog have no field, since LoginRadius does not document what they hold: only
// Event.Raw has them.
type Profile struct {
	// UID is the account: what Event.User.ID is.
	UID         string `json:"Uid,omitzero"`
	IsCustomUID bool   `json:"IsCustomUid,omitzero"`

	IsActive bool `json:"IsActive,omitzero"`
	// IsDeleted has been seen false in the very event that says that an account
	// was deleted: go by the event's name.
	IsDeleted bool `json:"IsDeleted,omitzero"`

	// Password is a hash, or a mask of LoginRadius's own. It may hold any
	// characters, NUL included.
	Password                event.Secret `json:"Password,omitzero"`
	LastPasswordChangeDate  time.Time    `json:"LastPasswordChangeDate,omitzero"`
	PasswordExpirationDate  time.Time    `json:"PasswordExpirationDate,omitzero"`
	LastPasswordChangeToken event.Secret `json:"LastPasswordChangeToken,omitzero"`
	IsSecurePassword        bool         `json:"IsSecurePassword,omitzero"`
	IsPasswordBreached      bool         `json:"IsPasswordBreached,omitzero"` // seen in API examples only
	PIN                     PIN          `json:"PIN,omitzero"`

	UserName                string  `json:"UserName,omitzero"`            // PII
	ExternalUserLoginID     string  `json:"ExternalUserLoginId,omitzero"` // PII
	PhoneID                 string  `json:"PhoneId,omitzero"`             // PII; E.164, what the user logs in with
	PhoneIDVerified         bool    `json:"PhoneIdVerified,omitzero"`
	EmailVerified           bool    `json:"EmailVerified,omitzero"`
	EmailVerifiedFromSocial bool    `json:"EmailVerifiedFromSocial,omitzero"` // seen in API examples only
	UnverifiedEmail         []Email `json:"UnverifiedEmail,omitzero"`         // PII
	IsEmailSubscribed       bool    `json:"IsEmailSubscribed,omitzero"`

	NoOfLogins        int64  `json:"NoOfLogins,omitzero"`
	LastLoginLocation string `json:"LastLoginLocation,omitzero"` // PII; such as "Washington, United States"
	IsLoginLocked     bool   `json:"IsLoginLocked,omitzero"`
	// LoginLockedType has been "0" and "1" in 2019 and "None" in 2023.
	LoginLockedType    event.Text `json:"LoginLockedType,omitzero"`
	LoginLockedTimeout event.Text `json:"LoginLockedTimeout,omitzero"` // seen in API examples only
	DisableLogin       bool       `json:"DisableLogin,omitzero"`       // seen in API examples only
	FailedLoginAttempt int64      `json:"FailedLoginAttempt,omitzero"` // seen in API examples only
	// Failed answers to the security question. Seen in API examples only.
	SecurityQuestionFailedLoginAttempt          int64 `json:"SecurityQuestionFailedLoginAttempt,omitzero"`
	SecurityQuestionFailedResetPasswordAttempts int64 `json:"SecurityQuestionFailedResetPasswordAttempts,omitzero"`

	RegistrationProvider       string           `json:"RegistrationProvider,omitzero"` // "Email", "RAAS" (the older name of it), "google" …
	RegistrationSource         string           `json:"RegistrationSource,omitzero"`   // "API", or the URL of a page
	RegistrationData           RegistrationData `json:"RegistrationData,omitzero"`     // PII
	IsRequiredFieldsFilledOnce bool             `json:"IsRequiredFieldsFilledOnce,omitzero"`

	PrivacyPolicy              PrivacyPolicy  `json:"PrivacyPolicy,omitzero"`
	ConsentProfile             ConsentProfile `json:"ConsentProfile,omitzero"`
	LastAcceptedConsentVersion int64          `json:"LastAcceptedConsentVersion,omitzero"`

	Roles         []string       `json:"Roles,omitzero"`
	Organizations []Organization `json:"Organizations,omitzero"`
	ExternalIDs   []ExternalID   `json:"ExternalIds,omitzero"` // PII
	// CustomFields are those that LoginRadius's customer has defined. They are
	// encoded: do not keep secrets in them. PII.
	CustomFields map[string]string `json:"CustomFields,omitzero"`

	// Identity is what the account's own provider knows, "Email" for a
	// registration with LoginRadius itself.
	Identity
	// Identities are the social logins that are linked to the account. At least thirty
	// are kept, however full; of those with fewer than eight fields, seven. PII.
	Identities []Identity `json:"Identities,omitzero"`
}

// A PIN is what LoginRadius sends of an account's PIN.
type PIN struct {
	// PIN is a hash, or a mask of LoginRadius's own.
	PIN                event.Secret `json:"PIN,omitzero" accesshook:"scalar"`
	LastPINChangeToken event.Secret `json:"LastPINChangeToken,omitzero"`
	LastPINChangeDate  time.Time    `json:"LastPINChangeDate,omitzero"`
	Skipped            bool         `json:"Skipped,omitzero"`
	SkippedDate        time.Time    `json:"SkippedDate,omitzero"`
}

// RegistrationData is what was asked for beyond the usual at registration. PII.
type RegistrationData struct {
	Data []RegistrationDatum `json:"Data,omitzero"`
}

// A RegistrationDatum is one answer, as a reference into a data source.
type RegistrationDatum struct {
	DataSource string `json:"DataSource,omitzero"`
	Value      struct {
		ID string `json:"Id,omitzero"`
	} `json:"Value,omitzero"`
}

// A PrivacyPolicy is the version of it that was accepted.
type PrivacyPolicy struct {
	Version        string    `json:"Version,omitzero"`
	AcceptSource   string    `json:"AcceptSource,omitzero"` // URL of the page
	AcceptDateTime time.Time `json:"AcceptDateTime,omitzero"`
}

// A ConsentProfile is what the customer has consented to.
type ConsentProfile struct {
	AcceptedConsentVersions []AcceptedConsentVersion `json:"AcceptedConsentVersions,omitzero"`
	Consents                []Consent                `json:"Consents,omitzero"`
}

// An AcceptedConsentVersion is the version of a consent form that was accepted
// at an event such as registration.
type AcceptedConsentVersion struct {
	Event    string `json:"Event,omitzero"`
	Version  int64  `json:"Version,omitzero"`
	IsCustom bool   `json:"IsCustom,omitzero"`
}

// A Consent is one option that was accepted.
type Consent struct {
	ConsentOptionID string    `json:"ConsentOptionId,omitzero"`
	AcceptOnDate    time.Time `json:"AcceptOnDate,omitzero"`
}

// An Organization is one that the account belongs to.
type Organization struct {
	ID string `json:"Id,omitzero"`
}

// An ExternalID is the customer's name in another system. PII.
type ExternalID struct {
	Source   string `json:"Source,omitzero"`
	SourceID string `json:"SourceId,omitzero"`
}
