package loginradius

import "github.com/accesshook/accesshook/internal/jsonbody"

// How the members of Data come into the fields of a profile. The fields have
// tags as well, for encoding. Decoding by them takes half as long again, which
// shows in an object of 141 members; what no webhook has been seen to have is
// left to nested.

// read reports whether there is an object.
func (p *Profile) read(r *jsonbody.Reader) bool {
	if !r.Object() {
		return false
	}
	for r.Next() {
		p.member(r)
	}
	return true
}

// member reads one member, and skips one that is not known.
func (p *Profile) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "Uid":
		p.UID = r.String()
	case "IsCustomUid":
		p.IsCustomUID = r.Bool()
	case "IsActive":
		p.IsActive = r.Bool()
	case "IsDeleted":
		p.IsDeleted = r.Bool()
	case "Password":
		p.Password = secret(r)
	case "LastPasswordChangeDate":
		p.LastPasswordChangeDate = instant(r)
	case "PasswordExpirationDate":
		p.PasswordExpirationDate = instant(r)
	case "LastPasswordChangeToken":
		p.LastPasswordChangeToken = secret(r)
	case "IsSecurePassword":
		p.IsSecurePassword = r.Bool()
	case "IsPasswordBreached":
		p.IsPasswordBreached = r.Bool()
	case "PIN":
		p.PIN.read(r)
	case "UserName":
		p.UserName = r.String()
	case "ExternalUserLoginId":
		p.ExternalUserLoginID = r.String()
	case "PhoneId":
		p.PhoneID = r.String()
	case "PhoneIdVerified":
		p.PhoneIDVerified = r.Bool()
	case "EmailVerified":
		p.EmailVerified = r.Bool()
	case "EmailVerifiedFromSocial":
		p.EmailVerifiedFromSocial = r.Bool()
	case "UnverifiedEmail":
		p.UnverifiedEmail = list(r, (*Email).read)
	case "IsEmailSubscribed":
		p.IsEmailSubscribed = r.Bool()
	case "NoOfLogins":
		p.NoOfLogins = r.Int()
	case "LastLoginLocation":
		p.LastLoginLocation = r.String()
	case "IsLoginLocked":
		p.IsLoginLocked = r.Bool()
	case "LoginLockedType":
		p.LoginLockedType = r.Text()
	case "LoginLockedTimeout":
		p.LoginLockedTimeout = r.Text()
	case "DisableLogin":
		p.DisableLogin = r.Bool()
	case "FailedLoginAttempt":
		p.FailedLoginAttempt = r.Int()
	case "SecurityQuestionFailedLoginAttempt":
		p.SecurityQuestionFailedLoginAttempt = r.Int()
	case "SecurityQuestionFailedResetPasswordAttempts":
		p.SecurityQuestionFailedResetPasswordAttempts = r.Int()
	case "RegistrationProvider":
		p.RegistrationProvider = r.String()
	case "RegistrationSource":
		p.RegistrationSource = r.String()
	case "RegistrationData":
		p.RegistrationData = nested[RegistrationData](r)
	case "IsRequiredFieldsFilledOnce":
		p.IsRequiredFieldsFilledOnce = r.Bool()
	case "PrivacyPolicy":
		p.PrivacyPolicy.read(r)
	case "ConsentProfile":
		p.ConsentProfile = nested[ConsentProfile](r)
	case "LastAcceptedConsentVersion":
		p.LastAcceptedConsentVersion = r.Int()
	case "Roles":
		p.Roles = list(r, text)
	case "Organizations":
		p.Organizations = nested[[]Organization](r)
	case "ExternalIds":
		p.ExternalIDs = nested[[]ExternalID](r)
	case "CustomFields":
		p.CustomFields = texts(r)
	case "Identities":
		p.Identities = list(r, (*Identity).read)
	default:
		p.Identity.member(r)
	}
}

func (p *PIN) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "PIN":
			p.PIN = secret(r)
		case "LastPINChangeToken":
			p.LastPINChangeToken = secret(r)
		case "LastPINChangeDate":
			p.LastPINChangeDate = instant(r)
		case "Skipped":
			p.Skipped = r.Bool()
		case "SkippedDate":
			p.SkippedDate = instant(r)
		default:
			r.Skip()
		}
	}
}

func (p *PrivacyPolicy) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "Version":
			p.Version = r.String()
		case "AcceptSource":
			p.AcceptSource = r.String()
		case "AcceptDateTime":
			p.AcceptDateTime = instant(r)
		default:
			r.Skip()
		}
	}
}
