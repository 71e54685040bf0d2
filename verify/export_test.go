package verify

// RememberedClients returns how many clients the rate table holds.
func (p *Endpoint) RememberedClients() int { return p.clients.len() }

var Canonical = canonical

// MaxUnverified is what the configuration of an endpoint has, with its default.
func (p *Endpoint) MaxUnverified() int64 { return p.config.MaxUnverified }
