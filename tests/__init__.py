"""The promises of Patchdeck, each as a test."""
