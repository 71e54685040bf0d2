package relock

import "github.com/accesshook/accesshook/internal/jsonbody"

// How the members of data come into the fields of a payload.

func (l *Location) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "country":
			l.Country = r.String()
		case "city":
			l.City = r.String()
		case "timezone":
			l.Timezone = r.String()
		default:
			r.Keep(&l.Extra)
		}
	}
}

func (d *DeviceInfo) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "name":
			d.Name = r.String()
		case "type":
			d.Type = r.String()
		case "os":
			d.OS = r.String()
		case "browser":
			d.Browser = r.String()
		default:
			r.Keep(&d.Extra)
		}
	}
}

func (p *AuthenticationSucceeded) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "userId":
		p.UserID = r.String()
	case "sessionId":
		p.SessionID = r.String()
	case "deviceId":
		p.DeviceID = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "ipAddress":
		p.IPAddress = r.String()
	case "userAgent":
		p.UserAgent = r.String()
	case "location":
		p.Location.read(r)
	default:
		r.Keep(&p.Extra)
	}
}

func (p *AuthenticationFailed) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "userId":
		p.UserID = r.String()
	case "sessionId":
		p.SessionID = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "reason":
		p.Reason = r.String()
	case "ipAddress":
		p.IPAddress = r.String()
	case "userAgent":
		p.UserAgent = r.String()
	case "location":
		p.Location.read(r)
	default:
		r.Keep(&p.Extra)
	}
}

func (p *DeviceRegistered) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "deviceId":
		p.DeviceID = r.String()
	case "userId":
		p.UserID = r.String()
	case "deviceInfo":
		p.DeviceInfo.read(r)
	case "timestamp":
		p.Timestamp = r.Time()
	case "ipAddress":
		p.IPAddress = r.String()
	case "location":
		p.Location.read(r)
	default:
		r.Keep(&p.Extra)
	}
}

func (p *DeviceRevoked) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "deviceId":
		p.DeviceID = r.String()
	case "userId":
		p.UserID = r.String()
	case "reason":
		p.Reason = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "revokedBy":
		p.RevokedBy = r.String()
	default:
		r.Keep(&p.Extra)
	}
}

func (p *SessionCreated) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "sessionId":
		p.SessionID = r.String()
	case "userId":
		p.UserID = r.String()
	case "deviceId":
		p.DeviceID = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "expiresAt":
		p.ExpiresAt = r.Time()
	case "ipAddress":
		p.IPAddress = r.String()
	case "userAgent":
		p.UserAgent = r.String()
	default:
		r.Keep(&p.Extra)
	}
}

func (p *SessionEnded) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "sessionId":
		p.SessionID = r.String()
	case "userId":
		p.UserID = r.String()
	case "deviceId":
		p.DeviceID = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "reason":
		p.Reason = r.String()
	case "duration":
		p.Duration = r.Int()
	default:
		r.Keep(&p.Extra)
	}
}

func (p *SecurityAlert) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "alertId":
		p.AlertID = r.String()
	case "userId":
		p.UserID = r.String()
	case "alertType":
		p.AlertType = r.String()
	case "severity":
		p.Severity = r.String()
	case "description":
		p.Description = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "ipAddress":
		p.IPAddress = r.String()
	case "location":
		p.Location.read(r)
	case "details":
		p.Details = r.Raw()
	default:
		r.Keep(&p.Extra)
	}
}

func (p *Unknown) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "userId":
		p.UserID = r.String()
	case "sessionId":
		p.SessionID = r.String()
	case "deviceId":
		p.DeviceID = r.String()
	case "timestamp":
		p.Timestamp = r.Time()
	case "ipAddress":
		p.IPAddress = r.String()
	case "userAgent":
		p.UserAgent = r.String()
	case "location":
		p.Location.read(r)
	default:
		r.Keep(&p.Extra)
	}
}
