// Package jsonbody decodes and encodes the JSON bodies of webhooks, tolerant
// where vendors drift and bounded where attackers push.
//
// It is the only package that imports the JSON library. That library is the
// mirror of encoding/json/v2, which is stable from Go 1.27 on: moving there is
// a change of the import lines of this package.
package jsonbody
