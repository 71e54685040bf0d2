package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var files embed.FS

// An asset is a file of the page. Browsers keep it and ask whether it has changed.
type asset struct {
	content     []byte
	contentType string
	etag        string // a hash of the content
}

// contentTypes are set here because those of package mime depend on the machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

func loadAssets() map[string]*asset {
	entries, err := files.ReadDir("assets")
	if err != nil {
		panic(err) // embedded
	}
	assets := make(map[string]*asset)
	for _, entry := range entries {
		content, err := files.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		assets[entry.Name()] = &asset{
			content:     content,
			contentType: contentTypes[path.Ext(entry.Name())],
			etag:        `"` + hex.EncodeToString(sum[:16]) + `"`,
		}
	}
	return assets
}

func (p *Page) serveAsset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := p.assets[name]
		if a == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.contentType)
		if name != "index.html" {
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("ETag", a.etag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
	}
}
