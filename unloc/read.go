package unloc

import "github.com/accesshook/accesshook/internal/jsonbody"

// member takes one member of the body.
func (p *AccessEvent) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "id":
		p.ID = r.String()
	case "action":
		p.Action = r.String()
	case "created":
		p.Created = r.Time().UTC() // RFC 3339 cannot write every zone that can be read
	case "keyId":
		p.KeyID = r.String()
	case "lockId":
		p.LockID = r.String()
	case "lockName":
		p.LockName = r.String()
	case "appUserId":
		p.AppUserID = r.Text()
	case "userName":
		p.UserName = r.String()
	case "userId":
		p.UserID = r.Text()
	default:
		r.Keep(&p.Extra)
	}
}
