# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with lines of a word, a name and base64, which are read as data; no value is ever evaluated.
# Brings back what was, where keyctl is gone; what the user has changed meanwhile nobody can tell then.
def --env __keyctl_leave [] {
    let given = ($env.KEYCTL_ACTIVE? | default "" | split row ";" | get -o 4 | default "")
    let names = ($given | split row "," | each { split row "=" | first } | where $it =~ '^[A-Za-z_][A-Za-z0-9_]*$')
    if ($names | is-empty) { return }
    let was = ($env.__keyctl_was? | default {})
    let left = ($env.KEYCTL_INJECTED? | default "" | split row "," | where ($it not-in $names and $it != "") | str join ",")
    print --stderr $"keyctl: `(PROGRAM)` is gone, and with it what it gave this shell"
    load-env ($was | select -o ...($names | where $it in $was))
    hide-env --ignore-errors ...($names | where $it not-in $was)
    hide-env --ignore-errors __keyctl_was KEYCTL_ACTIVE KEYCTL_INJECTED
    if $left != "" { load-env {KEYCTL_INJECTED: $left} }
}
def --env __keyctl_ask [...options: string] {
    if "__keyctl_off" in $env { return }
    if not (PROGRAM | path exists) { __keyctl_leave; return }
    let lines = (try { ^PROGRAM hook-env nu ...$options | lines | collect } catch { [] })
    if ($lines | is-empty) or ($lines | last) != "#" { return }
    # What variables were: a record is passed on to no program.
    mut was = ($env.__keyctl_was? | default {})
    mut gone = []
    for line in ($lines | drop) {
        let parts = ($line | split row " ")
        let name = $parts.1
        match $parts.0 {
            "keep" => { $was = if $name in $env { $was | upsert $name ($env | get $name) } else { $was | reject -o $name } }
            "give" => {
                # Behind a letter, since a byte order mark would be lost at the beginning.
                let bytes = ([("x" | into binary) ($parts.2 | decode base64)] | bytes collect)
                load-env {$name: ($bytes | decode utf-8 | str substring --utf-8-bytes 1..)}
            }
            "back" => {
                if $name in $was { load-env {$name: ($was | get $name)} } else { $gone ++= [$name] }
                $was = ($was | reject -o $name)
            }
            "remove" => { $gone ++= [$name] }
        }
    }
    $env.__keyctl_was = $was
    hide-env --ignore-errors ...$gone
}
#= on
hide-env --ignore-errors __keyctl_off
if "__keyctl_hooked" not-in $env {
    # A record, too: a nu that is started in here has to hook by itself.
    $env.__keyctl_hooked = {}
    $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {|| __keyctl_ask })
}
#= off
__keyctl_ask "--off"
$env.__keyctl_off = {}
