// Package detections shows which published detections find an attack in the events of
// which vendor, and tests it. The vendors report a week at a company to their endpoints,
// with an attack on Friday or without. The events are encoded for the SIEM, and the
// conditions of its rules are evaluated on the documents.
//
// In the week without an attack no rule finds anything. Each attack is found in what one
// vendor alone reports, if its events are enough for the rule:
//
//	rule                                            userlock  relock  loginradius
//	Elastic eb079c62: an alert                                yes
//	Elastic 99dcf974: many refused logons           yes       yes
//	Elastic 99dcf974: many refused users            yes       yes
//	Elastic e26aed74: many logons from one address  yes       yes
//	Elastic 745b0119: an unusual hour               yes       yes     yes
//	Elastic d4b73fa0: an unusual address            yes       yes
//	Sentinel a6c435a2: guessing a password          yes       yes
//	Sentinel 6a2e2ff4: one address, many users      yes
//	Sentinel 09ec8fa2: two countries                yes       yes     yes
//	Panther BruteForceByUser                        yes       yes
//	Panther BruteForceByIP                          yes       yes
//
// What a vendor does not send no rule can see:
//
//   - UserLock sends the country in newer versions only, and not with every event. For
//     Wi-Fi, the address is that of the network card.
//   - Relock refuses devices, not passwords.
//   - LoginRadius reports neither refused logons nor addresses.
//   - Unloc's locks report doors, not logons.
//
// The rules for Elastic and Panther read the Elastic Common Schema, of package event/ecs;
// those for Microsoft Sentinel read its schema Authentication, of package event/asim.
package detections
