# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_keyctl_global_optspecs
    string join \n q/quiet no-color h/help V/version
end

function __fish_keyctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_keyctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_keyctl_using_subcommand
    set -l cmd (__fish_keyctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c keyctl -n "__fish_keyctl_needs_command" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_needs_command" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_needs_command" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_needs_command" -s V -l version -d 'Print version'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "run" -d 'Run a command with the keys its project names'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "exec" -d 'Run a command with the keys its project names'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "set" -d 'Keep a key: its secret is typed unseen, piped in or read from a file'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "get" -d 'Print a key\'s secret'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "show" -d 'Show what is known of a key, never its secret'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "list" -d 'List the keys that are kept, without their secrets'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "ls" -d 'List the keys that are kept, without their secrets'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "remove" -d 'Remove keys from the store'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "rm" -d 'Remove keys from the store'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "rename" -d 'Give a key another name'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "copy" -d 'Put a key\'s secret on the clipboard for a while'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "edit" -d 'Change a key\'s dates, notes and tags, and leave its secret alone'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "rotate" -d 'Replace a key, or all that are due; the former secret is kept for a while'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "revoke" -d 'Mark a key as not to be used any more'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "versions" -d 'List a key\'s former secrets by their dates, without showing them'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "rollback" -d 'Bring a key\'s former secret back into use, or a removed key'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "undo" -d 'Take the last change to the store back; 30 days are kept'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "forget" -d 'Wipe the former secrets of keys for good'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "due" -d 'List the keys that have ended, have to be replaced, or will have to soon'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "remind" -d 'Be told of keys that are due: by a notification each day, or not for a while'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "env" -d 'Print keys with their secrets, for a shell or another program to read'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "render" -d 'Fill a template in with keys'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "import" -d 'Take keys over from a file, another manager or the environment'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "init" -d 'Write a `.keyctl.toml` that names the keys this project needs'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "allow" -d 'Show what this project asks for, and allow it after a yes'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "deny" -d 'Take back what this project was allowed'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "profile" -d 'Show the profiles, and which key becomes which variable in each'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "history" -d 'Show who used which key when, or prove that no entry was changed'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "alerts" -d 'Show what was unusual about the use of keys, and put it away when seen'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "scan" -d 'Find your keys where they lie in clear, and what else looks like a key'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "recovery" -d 'Make, check or use a recovery copy, which opens the store with a passphrase'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "store" -d 'Make, list or remove stores, or move an identity between keychain and file'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "unlock" -d 'Open a store that asks once, so that the next commands ask nobody for a while'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "lock" -d 'Close what was opened with `unlock`, at once'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "status" -d 'Show what is kept, what this project gets, and what needs care'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "doctor" -d 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "audit" -d 'Find what is wrong with your keys, each with the command that mends it'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "completions" -d 'Print a script that lets a shell complete commands and names'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "man" -d 'Print the manual page, or write the pages of all commands to a folder'
complete -c keyctl -n "__fish_keyctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s P -l profile -d 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s k -l key -d 'Add a key under this variable; `-k NAME` if both have the same name' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l only -d 'Give only these variables' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l file -d 'Give a key as a file, whose path is in this variable' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l render -d 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l as -d 'How these files are given: without a name, as a descriptor, or with a name' -r -f -a "file\t''
fd\t''
named-file\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l no-project -d 'Ignore the project\'s `.keyctl.toml`'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l allow-missing -d 'Go on without the keys that the store does not have'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l clean -d 'Pass on none of this environment but `PATH`, `HOME` and the like'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l keep -d 'Keep the value of a variable that is set already'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s n -l dry-run -d 'Say what would be given, and start nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s y -l yes -d 'Do not warn about commands that install packages'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l mask -d 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l no-mask -d 'Do not, although a profile says so'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l watch -d 'Start the command anew when one of its keys is replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand run" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s P -l profile -d 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s k -l key -d 'Add a key under this variable; `-k NAME` if both have the same name' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l only -d 'Give only these variables' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l file -d 'Give a key as a file, whose path is in this variable' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l render -d 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l as -d 'How these files are given: without a name, as a descriptor, or with a name' -r -f -a "file\t''
fd\t''
named-file\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l no-project -d 'Ignore the project\'s `.keyctl.toml`'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l allow-missing -d 'Go on without the keys that the store does not have'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l clean -d 'Pass on none of this environment but `PATH`, `HOME` and the like'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l keep -d 'Keep the value of a variable that is set already'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s n -l dry-run -d 'Say what would be given, and start nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s y -l yes -d 'Do not warn about commands that install packages'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l mask -d 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l no-mask -d 'Do not, although a profile says so'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l watch -d 'Start the command anew when one of its keys is replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand exec" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l from-file -d 'Read the secret from a file' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l generate -d 'Make a random secret of 32 letters and digits, or of LENGTH' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l expires -d 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l rotate-every -d 'How often to replace it, such as `90d`, `6mo` or `1y`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l url -d 'The page where its issuer replaces it' -r -f
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l note -d 'A note of your own, which is no secret' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l tag -d 'Sort it under this tag; may be given several times' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l replace -d 'Replace the secret of a key that exists; the former one is kept'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l raw -d 'Keep the line ending at the secret\'s end, which is taken off otherwise'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l binary -d 'Take a secret with NUL bytes, which no variable can carry'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l allow-empty -d 'Take an empty secret'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand set" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand get" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand get" -l show -d 'Print it on a terminal without asking first'
complete -c keyctl -n "__fish_keyctl_using_subcommand get" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand get" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand get" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand show" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l tag -d 'Only keys with this tag' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand list" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l tag -d 'Only keys with this tag' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand ls" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -l forget -d 'Wipe the secret and its former ones too, also of keys removed before'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remove" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -l forget -d 'Wipe the secret and its former ones too, also of keys removed before'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand rm" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand rename" -s y -l yes -d 'Do not ask where `config.toml` protects the key under its old name alone'
complete -c keyctl -n "__fish_keyctl_using_subcommand rename" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand rename" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand rename" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand rename" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -l for -d 'Clear the clipboard after this many seconds' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand copy" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l expires -d 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l rotate-every -d 'How often to replace it, such as `90d`, `6mo` or `1y`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l url -d 'The page where its issuer replaces it' -r -f
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l note -d 'A note of your own, which is no secret' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l tag -d 'Sort it under this tag; may be given several times' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-tag -d 'Take a tag away; may be given several times' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l only-project -d 'Give it only in this folder and below; several times for several' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l only-program -d 'Give it only to this program, by its path, and show it to nobody' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l with-variable -d 'Let this variable through to its programs; with a value only where it has that' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-expires -d 'Take the date of its end away'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-rotate-every -d 'Take its own plan away; what `config.toml` says counts again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-url -d 'Take the page away'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-note -d 'Take the note away'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l not-revoked -d 'Take back that it was revoked'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l not-leaked -d 'Take back that it was found leaked'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l any-project -d 'Give it in every folder again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l any-program -d 'Give it to every program again, and show it'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l without-variables -d 'Leave those variables out again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l needs-terminal -d 'Give it only where there is a terminal'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-needs-terminal -d 'Give it without a terminal again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l ask -d 'Ask for a yes on the terminal each time'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-ask -d 'Ask for no yes any more'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l proxy-only -d 'Keep it for the proxy: give it to no program, and show it to nobody'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-proxy-only -d 'Give it to programs again, and show it'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l require-reason -d 'Give it only with a reason (`--reason`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-require-reason -d 'Ask for no reason any more; what `config.toml` says counts again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l stop-expired -d 'Give it no more once it has ended'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-stop-expired -d 'Only warn then; what `config.toml` says counts again'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand edit" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l store -d 'Of this store alone; by default of all' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l generate -d 'Make the new secret here: 32 random letters and digits, or LENGTH' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l from-file -d 'Read the new secret from a file' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l overlap -d 'Keep the former secret this long; by default as `config.toml` says, else for good' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l expires -d 'When the issuer ends the new secret' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l due -d 'All keys that are due, expired or end soon, one after the other'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l finish -d 'Delete the old access key at AWS now, and make no new one'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l discard -d 'Drop what the key\'s rotator left beside the store, and replace nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s n -l dry-run -d 'Show what replacing it touches, and replace nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l by-hand -d 'Type or pipe the new secret in, also where `config.toml` names a rotator'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l no-check -d 'Do not try the new secret with the check that `config.toml` names'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l open -d 'Open the issuer\'s page in the browser'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand rotate" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -l reason -d 'Why, for yourself and for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand revoke" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand versions" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand versions" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand versions" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand versions" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -l to -d 'Which former secret, by its number or mark in `keyctl versions`; else the latest' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand rollback" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -l list -d 'List what can be taken back, the latest first, and take nothing back'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -l skip -d 'Let the latest change stand, so that the one before it can be taken back'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand undo" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -l all -d 'The former secrets of all keys, and all removed keys'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand forget" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l store -d 'Of this store alone; by default of all' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l tag -d 'Only keys with this tag' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l fail-on -d 'End with exit code 1 if one is expired; for `due` also if one is due or ends soon' -r -f -a "due\t''
expired\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -s a -l all -d 'Show every key, also those with nothing to do'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l prompt -d 'Print a few words for a shell\'s prompt if a key is due; all stores stay closed'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l ics -d 'Print a calendar (iCalendar) of all ends and replacements'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand due" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "install" -d 'Show a notification each day on which a key is due'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "uninstall" -d 'Show no more notifications'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "status" -d 'Show whether notifications are installed, and when the next one can come'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "now" -d 'Show the notification now, if a key is due or will be soon'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "snooze" -d 'Leave keys out of all reminders for a while, at most until they end'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and not __fish_seen_subcommand_from install uninstall status now snooze help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from install" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from uninstall" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from status" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from status" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from now" -l store -d 'Of this store alone; by default of all' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from now" -l once -d 'Only what was not told yet (the timer\'s own call)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from now" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from now" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from now" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -l store -d 'Of this store alone; by default of all' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -l for -d 'For how long' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -l all -d 'All keys that are due, expired or end soon'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -l off -d 'Remind of them again from now on'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from snooze" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "install" -d 'Show a notification each day on which a key is due'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "uninstall" -d 'Show no more notifications'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show whether notifications are installed, and when the next one can come'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "now" -d 'Show the notification now, if a key is due or will be soon'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "snooze" -d 'Leave keys out of all reminders for a while, at most until they end'
complete -c keyctl -n "__fish_keyctl_using_subcommand remind; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -s P -l profile -d 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -s k -l key -d 'Add a key under this variable; `-k NAME` if both have the same name' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l only -d 'Give only these variables' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l format -d 'Write for this reader' -r -f -a "dotenv\t''
sh\t''
bash\t''
zsh\t''
fish\t''
powershell\t''
json\t''
yaml\t''
docker\t''
github\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l no-project -d 'Ignore the project\'s `.keyctl.toml`'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l allow-missing -d 'Go on without the keys that the store does not have'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l show -d 'Show them on this screen without asking'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand env" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -s P -l profile -d 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -s k -l key -d 'Add a key under this variable; `-k NAME` if both have the same name' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l only -d 'Give only these variables' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l reason -d 'Say why, for the history' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -s o -l output -d 'Write it to this file, readable by you alone, instead of standard output' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l no-project -d 'Ignore the project\'s `.keyctl.toml`'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l allow-missing -d 'Go on without the keys that the store does not have'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l show -d 'Show it on this screen without asking'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand render" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l env -d 'Take these variables from the environment instead of a file' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l format -l from -d 'What it is; by default its name and its content say so' -r -f -a "dotenv\t'`NAME=value` lines'
json\t'A JSON object of strings'
aws\t'The `credentials` file of AWS; by default `~/.aws/credentials`'
bitwarden\t'What Bitwarden exports in clear, as JSON or CSV'
1password\t'What 1Password exports: a `.1pux` as it is, its `export.data`, or CSV'
pass\t'The folder of `pass`; by default `~/.password-store`'
gopass\t'The folder of `gopass`; by default its root store'
passage\t'The folder of `passage`; by default `~/.passage/store`'
sops\t'A file that SOPS encrypted, read by `sops` itself'
fnox\t'The age-encrypted secrets of `fnox.toml`'
envchain\t'The namespaces of `envchain` (Linux); FILE is the name of one'"
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l identity -d 'The age identities that open what `passage`, `fnox` or `sops` keep' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l prefix -d 'Put this before each key\'s name, such as `myproject/`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l replace -d 'Replace the secrets of keys that exist; the former ones are kept'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l delete -d 'Remove the file once every key was read back from the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -s n -l dry-run -d 'Say what would be kept, and keep nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l from -d 'Take the variables from this file; by default `.env.example` or `.env`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l prefix -d 'Put this before each key\'s name, such as `myproject/`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand init" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -l hash -d 'Allow without asking if what the project asks for has this hash' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -l variable -d 'Let this project set a variable that others may not, such as `HTTPS_PROXY`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -l show-hash -d 'Print the hash of what the project asks for, and allow nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand allow" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand deny" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand deny" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand deny" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -f -a "list" -d 'List the profiles of this project and of the user\'s config'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -f -a "ls" -d 'List the profiles of this project and of the user\'s config'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -f -a "show" -d 'Show which key becomes which variable'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and not __fish_seen_subcommand_from list ls show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from list" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from ls" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from ls" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from show" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the profiles of this project and of the user\'s config'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show which key becomes which variable'
complete -c keyctl -n "__fish_keyctl_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l since -d 'Only entries from this date on' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l until -d 'Only entries up to this date' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l project -d 'Only in this folder and below, written as `.` or `./app`; or in folders so named' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l program -d 'Only by the program of this name' -r -f -a "(__fish_complete_command)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l action -d 'Only this was done, such as `run`, `get` or `rotate`; several with commas' -r -f -a "run\t''
get\t''
copy\t''
env\t''
render\t''
set\t''
remove\t''
rename\t''
import\t''
edit\t''
rotate\t''
rollback\t''
undo\t''
forget\t''
revoke\t''
check\t''
scan\t''
allow\t''
deny\t''
recovery\t''
store\t''
rekey\t''
unlock\t''
lock\t''
gap\t''
repair\t''
segment\t''
prune\t''
failed\t''
alert\t''
ack\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l outcome -d 'Only with this word in the outcome, such as `refused`; `failed` is all that failed' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l agent -d 'Only what a coding agent asked for, or one so named; it is told by a guess' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -s n -d 'Show only the last COUNT entries; without it a table has 1000' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l from -d 'Read the history that `repair` set aside in this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l json -d 'Report as JSON, one entry a line'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -s f -l follow -d 'Show the last 10 entries or COUNT, and each new one as it comes'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l graph -d 'Draw uses by day, and by week for each key'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "verify" -d 'Prove that no entry was changed, added or cut off'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "usage" -d 'Count the uses of each key, program or project, and show what is unused'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "who" -d 'Show which programs use a key where: what breaks when it is replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "export" -d 'Write the entries for other programs, in a form that stays as it is'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "anchor" -d 'Print a line to keep elsewhere, which proves the history up to now'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "prune" -d 'Remove old parts of the history; an entry says so for ever'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "repair" -d 'Go on after damage: seal the end anew, or set the history aside'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "report" -d 'Write a page for the browser: uses by day, the keys\' dates, alerts'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "import" -d 'Refused: entries are only ever made'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and not __fish_seen_subcommand_from verify usage who export anchor prune repair report import help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -l against -d 'Compare with what `history anchor` printed once: the line, a file, or `-`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -l from -d 'Read the history that `repair` set aside in this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l unused-for -d 'Show only keys that nobody used for this long: candidates for removal' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l by -d 'Count by `key`, `program` or `project`' -r -f -a "key\t'The key that was used'
program\t'The program that got it'
project\t'The project\'s folder'"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l since -d 'Count only uses from this date on' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l from -d 'Read the history that `repair` set aside in this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from usage" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -l from -d 'Read the history that `repair` set aside in this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from who" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l format -d 'Write in this form: `jsonl`, `csv`, `syslog`, `cef` or `otel`' -r -f -a "jsonl\t''
csv\t''
syslog\t''
cef\t''
otel\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -s o -l out -d 'Write to this new file, readable by you alone, and not to standard output' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l since -d 'Only entries from this date on' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l until -d 'Only entries up to this date' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l project -d 'Only in this folder and below, written as `.` or `./app`; or in folders so named' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l program -d 'Only by the program of this name' -r -f -a "(__fish_complete_command)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l action -d 'Only this was done, such as `run`, `get` or `rotate`; several with commas' -r -f -a "run\t''
get\t''
copy\t''
env\t''
render\t''
set\t''
remove\t''
rename\t''
import\t''
edit\t''
rotate\t''
rollback\t''
undo\t''
forget\t''
revoke\t''
check\t''
scan\t''
allow\t''
deny\t''
recovery\t''
store\t''
rekey\t''
unlock\t''
lock\t''
gap\t''
repair\t''
segment\t''
prune\t''
failed\t''
alert\t''
ack\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l outcome -d 'Only with this word in the outcome, such as `refused`; `failed` is all that failed' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l agent -d 'Only what a coding agent asked for, or one so named; it is told by a guess' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l from -d 'Read the history that `repair` set aside in this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from anchor" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from anchor" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from anchor" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from anchor" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from anchor" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -l before -d 'Remove segments that end before a date, or so long ago: `90d`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -l keep-segments -d 'Remove all closed segments but the newest COUNT' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Do not ask'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -l accept -d 'Say yes to what is missing, so that the rest counts as intact'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -s y -l yes -d 'Do not ask'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from repair" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -l html -d 'Write it to this file, readable by you alone; `-` is standard output' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -l since -d 'Count from here on: a date such as `2026-01-31`, or `90d` for the last 90 days' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -s f -l force -d 'Write over a file that is there'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from import" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from import" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Prove that no entry was changed, added or cut off'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "usage" -d 'Count the uses of each key, program or project, and show what is unused'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "who" -d 'Show which programs use a key where: what breaks when it is replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the entries for other programs, in a form that stays as it is'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "anchor" -d 'Print a line to keep elsewhere, which proves the history up to now'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Remove old parts of the history; an entry says so for ever'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "repair" -d 'Go on after damage: seal the end anew, or set the history aside'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "report" -d 'Write a page for the browser: uses by day, the keys\' dates, alerts'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "import" -d 'Refused: entries are only ever made'
complete -c keyctl -n "__fish_keyctl_using_subcommand history; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -f -a "list" -d 'List the alerts that were not put away yet'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -f -a "ack" -d 'Put alerts away that you have looked at; the history keeps them'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -f -a "test" -d 'Send a trial alert in every way that `config.toml` names'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and not __fish_seen_subcommand_from list ack test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -s a -l all -d 'Also those that were'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l all -d 'All of them'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the alerts that were not put away yet'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from help" -f -a "ack" -d 'Put alerts away that you have looked at; the history keeps them'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send a trial alert in every way that `config.toml` names'
complete -c keyctl -n "__fish_keyctl_using_subcommand alerts; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l pushing -d 'Look through what a push sends (for the pre-push hook)' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l store -d 'Of this store alone; by default of all' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l prefix -d 'Put this before each adopted key\'s name, such as `myproject/`' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l staged -d 'Look through what is staged for the next commit'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l history -d 'Look through every object of the git repository'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l home -d 'Look where keys come to lie in your home folder'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l running -d 'Look at what your running programs carry'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l no-ignore -d 'Look at what git ignores too'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l deep -d 'Look into archives too: zip (jar, whl, docx), tar, gzip, bzip2, xz, zstd'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l no-shapes -d 'Look for your own keys alone, not for what looks like one of an issuer\'s'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l no-mark -d 'Do not mark keys that are found as leaked'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l accept -d 'Accept what is found: later scans count it and tell of the rest'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l adopt -d 'Take keys out of `.env` files and shell histories, once the store has them'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l all -d 'Show what was accepted too'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l sarif -d 'Report as SARIF 2.1.0, for code hosts and editors'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -a "install-hook" -d 'Let git look for keys before each commit and each push, by hooks'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -a "uninstall-hook" -d 'Take the hooks away and put back what was there'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -a "hook-status" -d 'Show which hooks are in force here'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and not __fish_seen_subcommand_from install-hook uninstall-hook hook-status help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -l global -d 'In all of your repositories (git\'s `core.hooksPath`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -l pre-commit -d 'Only those before a commit, a merge\'s and `git am`\'s too'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -l pre-push -d 'Only the one before a push'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from install-hook" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -l global -d 'In all of your repositories (git\'s `core.hooksPath`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -l pre-commit -d 'Only those before a commit, a merge\'s and `git am`\'s too'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -l pre-push -d 'Only the one before a push'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from uninstall-hook" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from hook-status" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from hook-status" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from hook-status" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from hook-status" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from help" -f -a "install-hook" -d 'Let git look for keys before each commit and each push, by hooks'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from help" -f -a "uninstall-hook" -d 'Take the hooks away and put back what was there'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from help" -f -a "hook-status" -d 'Show which hooks are in force here'
complete -c keyctl -n "__fish_keyctl_using_subcommand scan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -f -a "create" -d 'Write a copy that opens the store with a passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -f -a "verify" -d 'Prove that a copy opens this store'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -f -a "restore" -d 'Give the identity back to its keeper, on this machine or a new one'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and not __fish_seen_subcommand_from create verify restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -l passphrase-file -d 'Read the passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -l print -d 'Print it to standard output instead, on a page with instructions'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -l passphrase-file -d 'Read the passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l passphrase-file -d 'Read the passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l keeper -d 'Who keeps the identity from now on; by default as before' -r -f -a "keychain\t''
file\t''
passphrase\t''
keychain+passphrase\t''
ssh\t''
plugin\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l ssh-key -d 'The private SSH key that is to open it, with `--keeper ssh`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l keeper-passphrase-file -d 'Read the new keeper\'s passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l plugin-identity -d 'The identity that the plugin made, with `--keeper plugin`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l accept-older -d 'Accept a store that is older than the newest one written'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from help" -f -a "create" -d 'Write a copy that opens the store with a passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Prove that a copy opens this store'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Give the identity back to its keeper, on this machine or a new one'
complete -c keyctl -n "__fish_keyctl_using_subcommand recovery; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "create" -d 'Make an empty store; the first `set` makes the personal one by itself'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "list" -d 'List the stores, who keeps the identity of each, and where they lie'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "ls" -d 'List the stores, who keeps the identity of each, and where they lie'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "access" -d 'Show who can open which store, and what opening asks for'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "show" -d 'Show what is known of a store, and how many keys it has if it opens unasked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "remove" -d 'Remove a store with its keys, its identity and its history, for good'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "rm" -d 'Remove a store with its keys, its identity and its history, for good'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "move" -d 'Move a key to another store, with its former secrets and its dates'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "path" -d 'Say where a store\'s age file lies now, when its repository was moved'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "join" -d 'Join a store of others whose age file lies here; call it again once you are added'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "recipients" -d 'Say who may open a store: add, list, remove and accept members'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "merge" -d 'Merge two versions of a store\'s file key by key, as git asks for it'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "keeper" -d 'Move a store\'s identity to another keeper, or give it another passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "rekey" -d 'Give a store a new identity, when the old one got into wrong hands'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and not __fish_seen_subcommand_from create list ls access show remove rm move path join recipients merge keeper rekey help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l keeper -d 'Who keeps its identity; by default the keychain, if there is one' -r -f -a "keychain\t''
file\t''
passphrase\t''
keychain+passphrase\t''
ssh\t''
plugin\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l ssh-key -d 'The private SSH key that is to open it, with `ssh`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l passphrase-file -d 'Read the new passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l plugin-identity -d 'The identity that the plugin made, with `age-plugin-NAME --generate` for one' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l path -d 'Put its age file here, into a repository for one; it must not exist yet' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l anew -d 'Begin anew where the keychain knows a store whose files are gone'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from list" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from list" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from ls" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from ls" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from access" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from access" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from access" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from access" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from show" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from show" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from remove" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rm" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from move" -l to -d 'The store it goes to' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from move" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from path" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l path -d 'Its age file; said once' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l keeper -d 'Who keeps your identity for it; by default the keychain, if there is one' -r -f -a "keychain\t''
file\t''
passphrase\t''
keychain+passphrase\t''
ssh\t''
plugin\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l ssh-key -d 'The private SSH key that is to open it, with `ssh`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l passphrase-file -d 'Read the new passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l plugin-identity -d 'The identity that the plugin made, with `age-plugin-NAME --generate` for one' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l as -d 'What the others call you; by default as git or the system does' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -s y -l yes -d 'Do not ask for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from join" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "add" -d 'Let another open the store: all its keys, and their former secrets'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "list" -d 'List who may open the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "ls" -d 'List who may open the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "remove" -d 'Write nothing more for a member; what was seen is to be replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "rm" -d 'Write nothing more for a member; what was seen is to be replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "accept" -d 'Say yes to members that others added or removed'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from recipients" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l base -d 'What both versions come from; an empty file where nothing is' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l ours -d 'Our version; the merged one takes its place' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l theirs -d 'The other version' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l path -d 'Where the file lies in the repository' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l unseen -d 'Merge what two versions come from: say and record nothing'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l install -d 'Tell git of it: write `.gitattributes` and this clone\'s settings'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l uninstall -d 'Take that back'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -l to -d 'Who keeps the identity from now on' -r -f -a "keychain\t''
file\t''
passphrase\t''
keychain+passphrase\t''
ssh\t''
plugin\t''"
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -l ssh-key -d 'The private SSH key that is to open it, with `ssh`' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -l passphrase-file -d 'Read the new passphrase from a file instead of asking for it' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -l plugin-identity -d 'The identity that the plugin made, with `age-plugin-NAME --generate` for one' -r -F
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from keeper" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rekey" -s y -l yes -d 'Do not ask'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rekey" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rekey" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from rekey" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make an empty store; the first `set` makes the personal one by itself'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the stores, who keeps the identity of each, and where they lie'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "access" -d 'Show who can open which store, and what opening asks for'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show what is known of a store, and how many keys it has if it opens unasked'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a store with its keys, its identity and its history, for good'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "move" -d 'Move a key to another store, with its former secrets and its dates'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "path" -d 'Say where a store\'s age file lies now, when its repository was moved'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "join" -d 'Join a store of others whose age file lies here; call it again once you are added'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "recipients" -d 'Say who may open a store: add, list, remove and accept members'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "merge" -d 'Merge two versions of a store\'s file key by key, as git asks for it'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "keeper" -d 'Move a store\'s identity to another keeper, or give it another passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "rekey" -d 'Give a store a new identity, when the old one got into wrong hands'
complete -c keyctl -n "__fish_keyctl_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand unlock" -l for -d 'For so long, at most 12 hours' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand unlock" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand unlock" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand unlock" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand lock" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand lock" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand lock" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand status" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand status" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand status" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand status" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand status" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l online -d 'Also let each key\'s check or AWS say whether the key still works'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -l store -d 'Of this store; by default the personal one' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -l fail-on -d 'End with exit code 1 if a finding is this bad or worse: low, medium or high' -r
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -l fix -d 'Mend what needs no decision: access rights of files, projects that are gone'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -s y -l yes -d 'Mend it without asking for a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -l json -d 'Report as JSON'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand audit" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -l dynamic -d 'Also complete names of keys and profiles, by asking keyctl at each Tab'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand completions" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand man" -l out -d 'Write a page for each command to this folder' -r -f -a "(__fish_complete_directories)"
complete -c keyctl -n "__fish_keyctl_using_subcommand man" -s q -l quiet -d 'Say only what must not be overlooked'
complete -c keyctl -n "__fish_keyctl_using_subcommand man" -l no-color -d 'Use no colour (also: the variable `NO_COLOR`)'
complete -c keyctl -n "__fish_keyctl_using_subcommand man" -s h -l help -d 'Print help'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "run" -d 'Run a command with the keys its project names'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "set" -d 'Keep a key: its secret is typed unseen, piped in or read from a file'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "get" -d 'Print a key\'s secret'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "show" -d 'Show what is known of a key, never its secret'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "list" -d 'List the keys that are kept, without their secrets'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "remove" -d 'Remove keys from the store'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "rename" -d 'Give a key another name'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "copy" -d 'Put a key\'s secret on the clipboard for a while'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "edit" -d 'Change a key\'s dates, notes and tags, and leave its secret alone'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "rotate" -d 'Replace a key, or all that are due; the former secret is kept for a while'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "revoke" -d 'Mark a key as not to be used any more'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "versions" -d 'List a key\'s former secrets by their dates, without showing them'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "rollback" -d 'Bring a key\'s former secret back into use, or a removed key'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "undo" -d 'Take the last change to the store back; 30 days are kept'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "forget" -d 'Wipe the former secrets of keys for good'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "due" -d 'List the keys that have ended, have to be replaced, or will have to soon'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "remind" -d 'Be told of keys that are due: by a notification each day, or not for a while'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "env" -d 'Print keys with their secrets, for a shell or another program to read'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "render" -d 'Fill a template in with keys'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "import" -d 'Take keys over from a file, another manager or the environment'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "init" -d 'Write a `.keyctl.toml` that names the keys this project needs'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "allow" -d 'Show what this project asks for, and allow it after a yes'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "deny" -d 'Take back what this project was allowed'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "profile" -d 'Show the profiles, and which key becomes which variable in each'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "history" -d 'Show who used which key when, or prove that no entry was changed'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "alerts" -d 'Show what was unusual about the use of keys, and put it away when seen'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "scan" -d 'Find your keys where they lie in clear, and what else looks like a key'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "recovery" -d 'Make, check or use a recovery copy, which opens the store with a passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "store" -d 'Make, list or remove stores, or move an identity between keychain and file'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "unlock" -d 'Open a store that asks once, so that the next commands ask nobody for a while'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "lock" -d 'Close what was opened with `unlock`, at once'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "status" -d 'Show what is kept, what this project gets, and what needs care'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "doctor" -d 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "audit" -d 'Find what is wrong with your keys, each with the command that mends it'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "completions" -d 'Print a script that lets a shell complete commands and names'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "man" -d 'Print the manual page, or write the pages of all commands to a folder'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and not __fish_seen_subcommand_from run set get show list remove rename copy edit rotate revoke versions rollback undo forget due remind env render import init allow deny profile history alerts scan recovery store unlock lock status doctor audit completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from remind" -f -a "install" -d 'Show a notification each day on which a key is due'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from remind" -f -a "uninstall" -d 'Show no more notifications'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from remind" -f -a "status" -d 'Show whether notifications are installed, and when the next one can come'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from remind" -f -a "now" -d 'Show the notification now, if a key is due or will be soon'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from remind" -f -a "snooze" -d 'Leave keys out of all reminders for a while, at most until they end'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "list" -d 'List the profiles of this project and of the user\'s config'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "show" -d 'Show which key becomes which variable'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "verify" -d 'Prove that no entry was changed, added or cut off'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "usage" -d 'Count the uses of each key, program or project, and show what is unused'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "who" -d 'Show which programs use a key where: what breaks when it is replaced'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "export" -d 'Write the entries for other programs, in a form that stays as it is'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "anchor" -d 'Print a line to keep elsewhere, which proves the history up to now'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "prune" -d 'Remove old parts of the history; an entry says so for ever'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "repair" -d 'Go on after damage: seal the end anew, or set the history aside'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "report" -d 'Write a page for the browser: uses by day, the keys\' dates, alerts'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from history" -f -a "import" -d 'Refused: entries are only ever made'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from alerts" -f -a "list" -d 'List the alerts that were not put away yet'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from alerts" -f -a "ack" -d 'Put alerts away that you have looked at; the history keeps them'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from alerts" -f -a "test" -d 'Send a trial alert in every way that `config.toml` names'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scan" -f -a "install-hook" -d 'Let git look for keys before each commit and each push, by hooks'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scan" -f -a "uninstall-hook" -d 'Take the hooks away and put back what was there'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from scan" -f -a "hook-status" -d 'Show which hooks are in force here'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from recovery" -f -a "create" -d 'Write a copy that opens the store with a passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from recovery" -f -a "verify" -d 'Prove that a copy opens this store'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from recovery" -f -a "restore" -d 'Give the identity back to its keeper, on this machine or a new one'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "create" -d 'Make an empty store; the first `set` makes the personal one by itself'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "list" -d 'List the stores, who keeps the identity of each, and where they lie'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "access" -d 'Show who can open which store, and what opening asks for'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "show" -d 'Show what is known of a store, and how many keys it has if it opens unasked'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "remove" -d 'Remove a store with its keys, its identity and its history, for good'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "move" -d 'Move a key to another store, with its former secrets and its dates'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "path" -d 'Say where a store\'s age file lies now, when its repository was moved'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "join" -d 'Join a store of others whose age file lies here; call it again once you are added'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "recipients" -d 'Say who may open a store: add, list, remove and accept members'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "merge" -d 'Merge two versions of a store\'s file key by key, as git asks for it'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "keeper" -d 'Move a store\'s identity to another keeper, or give it another passphrase'
complete -c keyctl -n "__fish_keyctl_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "rekey" -d 'Give a store a new identity, when the old one got into wrong hands'
