package internal

import "testing"

func TestNothing(t *testing.T) {}
