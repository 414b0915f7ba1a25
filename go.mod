module github.com/cutover/cutover

go 1.26

tool github.com/magefile/mage

require (
	github.com/magefile/mage v1.17.2
	github.com/cutover/cutover/projects/foundation v0.0.0
	github.com/cutover/cutover/projects/security v0.0.0
	github.com/cutover/cutover/projects/data v0.0.0
	github.com/cutover/cutover/projects/services v0.0.0
	github.com/cutover/cutover/projects/edge v0.0.0
	github.com/cutover/cutover/projects/observability v0.0.0
	github.com/cutover/cutover/projects/migration v0.0.0
	github.com/cutover/cutover/shared v0.0.0
)

replace (
	github.com/cutover/cutover/projects/foundation => ./projects/foundation
	github.com/cutover/cutover/projects/security => ./projects/security
	github.com/cutover/cutover/projects/data => ./projects/data
	github.com/cutover/cutover/projects/services => ./projects/services
	github.com/cutover/cutover/projects/edge => ./projects/edge
	github.com/cutover/cutover/projects/observability => ./projects/observability
	github.com/cutover/cutover/projects/migration => ./projects/migration
	github.com/cutover/cutover/shared => ./shared
)
