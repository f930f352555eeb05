import ArgumentParser

@main struct Nagi: ParsableCommand {}
