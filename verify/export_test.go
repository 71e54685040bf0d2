package verify

// RememberedClients returns how many clients the rate table holds.
func (p *Endpoint) RememberedClients() int { return p.clients.len() }

var Canonical = canonical
