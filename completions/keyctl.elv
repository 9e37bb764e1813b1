
use builtin;
use str;

set edit:completion:arg-completer[keyctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'keyctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'keyctl'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand run 'Run a command with the keys its project names'
            cand exec 'Run a command with the keys its project names'
            cand shell 'Start a shell with the keys its project names'
            cand activate 'Print what lets a shell have a project''s keys while it stands in its folder'
            cand set 'Keep a key: its secret is typed unseen, piped in or read from a file'
            cand get 'Print a key''s secret'
            cand show 'Show what is known of a key, never its secret'
            cand list 'List the keys that are kept, without their secrets'
            cand ls 'List the keys that are kept, without their secrets'
            cand remove 'Remove keys from the store'
            cand rm 'Remove keys from the store'
            cand rename 'Give a key another name'
            cand copy 'Put a key''s secret on the clipboard for a while'
            cand edit 'Change a key''s dates, notes and tags, and leave its secret alone'
            cand rotate 'Replace a key, or all that are due; the former secret is kept for a while'
            cand push 'Write keys of the store to a source, and read them back'
            cand pull 'Bring keys that lie in a source into the store'
            cand revoke 'Mark a key as not to be used any more'
            cand versions 'List a key''s former secrets by their dates, without showing them'
            cand rollback 'Bring a key''s former secret back into use, or a removed key'
            cand undo 'Take the last change to the store back; 30 days are kept'
            cand forget 'Wipe the former secrets of keys for good'
            cand due 'List the keys that have ended, have to be replaced, or will have to soon'
            cand remind 'Be told of keys that are due: by a notification each day, or not for a while'
            cand env 'Print keys with their secrets, for a shell or another program to read'
            cand render 'Fill a template in with keys'
            cand import 'Take keys over from a file, another manager or the environment'
            cand init 'Write a `.keyctl.toml` that names the keys this project needs'
            cand allow 'Show what this project asks for, and allow it after a yes'
            cand deny 'Take back what this project was allowed'
            cand profile 'Show the profiles, and which key becomes which variable in each'
            cand history 'Show who used which key when, or prove that no entry was changed'
            cand alerts 'Show what was unusual about the use of keys, and put it away when seen'
            cand scan 'Find your keys where they lie in clear, and what else looks like a key'
            cand recovery 'Make, check or use a recovery copy, which opens the store with a passphrase'
            cand store 'Make, list or remove stores, or move an identity between keychain and file'
            cand source 'Set up secrets managers that keys are fetched from when they are used'
            cand unlock 'Open a store that asks once, so that the next commands ask nobody for a while'
            cand lock 'Close what was opened with `unlock`, at once'
            cand status 'Show what is kept, what this project gets, and what needs care'
            cand doctor 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds'
            cand audit 'Find what is wrong with your keys, each with the command that mends it'
            cand agent 'Have coding agents run the commands that you list with keys, the secrets masked'
            cand proxy 'Run commands that use their keys without holding them'
            cand mcp 'Serve a coding agent over the Model Context Protocol, without showing it a secret'
            cand schema 'Print the JSON Schema of a file that you write, or of a report'
            cand completions 'Print a script that lets a shell complete commands and names'
            cand man 'Print the manual page, or write the pages of all commands to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;run'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --file 'Give a key as a file, whose path is in this variable'
            cand --render 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`'
            cand --as 'How these files are given: without a name, as a descriptor, or with a name'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --clean 'Pass on none of this environment but `PATH`, `HOME` and the like'
            cand --keep 'Keep the value of a variable that is set already'
            cand -n 'Say what would be given, and start nothing'
            cand --dry-run 'Say what would be given, and start nothing'
            cand -y 'Do not warn about commands that install packages'
            cand --yes 'Do not warn about commands that install packages'
            cand --mask 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
            cand --no-mask 'Do not, although a profile says so'
            cand --watch 'Start the command anew when one of its keys is replaced'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;exec'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --file 'Give a key as a file, whose path is in this variable'
            cand --render 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`'
            cand --as 'How these files are given: without a name, as a descriptor, or with a name'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --clean 'Pass on none of this environment but `PATH`, `HOME` and the like'
            cand --keep 'Keep the value of a variable that is set already'
            cand -n 'Say what would be given, and start nothing'
            cand --dry-run 'Say what would be given, and start nothing'
            cand -y 'Do not warn about commands that install packages'
            cand --yes 'Do not warn about commands that install packages'
            cand --mask 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
            cand --no-mask 'Do not, although a profile says so'
            cand --watch 'Start the command anew when one of its keys is replaced'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;shell'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --file 'Give a key as a file, whose path is in this variable'
            cand --render 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`'
            cand --as 'How these files are given: without a name, as a descriptor, or with a name'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --mask 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
            cand --no-mask 'Do not, although a profile says so'
            cand --clean 'Pass on none of this environment but `PATH`, `HOME` and the like'
            cand --keep 'Keep the value of a variable that is set already'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;activate'= {
            cand --off 'Print what takes it off in a shell that has it, with the variables it gave'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;set'= {
            cand --from-file 'Read the secret from a file'
            cand --source 'Keep no secret, but where it lies: in this source of your `config.toml`'
            cand --ref 'Where in the source: `PATH`, `PATH#FIELD` or `PATH@VERSION#FIELD`'
            cand --generate 'Make a random secret of 32 letters and digits, or of LENGTH'
            cand --expires 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`'
            cand --rotate-every 'How often to replace it, such as `90d`, `6mo` or `1y`'
            cand --url 'The page where its issuer replaces it'
            cand --note 'A note of your own, which is no secret'
            cand --tag 'Sort it under this tag; may be given several times'
            cand --replace 'Replace the secret of a key that exists; the former one is kept'
            cand --raw 'Keep the line ending at the secret''s end, which is taken off otherwise'
            cand --binary 'Take a secret with NUL bytes, which no variable can carry'
            cand --allow-empty 'Take an empty secret'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;get'= {
            cand --reason 'Say why, for the history'
            cand --show 'Print it on a terminal without asking first'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;show'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;list'= {
            cand --store 'Of this store; by default the personal one'
            cand --tag 'Only keys with this tag'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;ls'= {
            cand --store 'Of this store; by default the personal one'
            cand --tag 'Only keys with this tag'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remove'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --forget 'Wipe the secret and its former ones too, also of keys removed before'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;rm'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --forget 'Wipe the secret and its former ones too, also of keys removed before'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;rename'= {
            cand -y 'Do not ask where `config.toml` protects the key under its old name alone'
            cand --yes 'Do not ask where `config.toml` protects the key under its old name alone'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;copy'= {
            cand --for 'Clear the clipboard after this many seconds'
            cand --reason 'Say why, for the history'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;edit'= {
            cand --expires 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`'
            cand --rotate-every 'How often to replace it, such as `90d`, `6mo` or `1y`'
            cand --url 'The page where its issuer replaces it'
            cand --note 'A note of your own, which is no secret'
            cand --tag 'Sort it under this tag; may be given several times'
            cand --no-tag 'Take a tag away; may be given several times'
            cand --only-project 'Give it only in this folder and below; several times for several'
            cand --only-program 'Give it only to this program, by its path, and show it to nobody'
            cand --with-variable 'Let this variable through to its programs; with a value only where it has that'
            cand --no-expires 'Take the date of its end away'
            cand --no-rotate-every 'Take its own plan away; what `config.toml` says counts again'
            cand --no-url 'Take the page away'
            cand --no-note 'Take the note away'
            cand --not-revoked 'Take back that it was revoked'
            cand --not-leaked 'Take back that it was found leaked'
            cand --any-project 'Give it in every folder again'
            cand --any-program 'Give it to every program again, and show it'
            cand --without-variables 'Leave those variables out again'
            cand --needs-terminal 'Give it only where there is a terminal'
            cand --no-needs-terminal 'Give it without a terminal again'
            cand --ask 'Ask for a yes on the terminal each time'
            cand --no-ask 'Ask for no yes any more'
            cand --proxy-only 'Keep it for the proxy: give it to no program, and show it to nobody'
            cand --no-proxy-only 'Give it to programs again, and show it'
            cand --require-reason 'Give it only with a reason (`--reason`)'
            cand --no-require-reason 'Ask for no reason any more; what `config.toml` says counts again'
            cand --stop-expired 'Give it no more once it has ended'
            cand --no-stop-expired 'Only warn then; what `config.toml` says counts again'
            cand --hide-from-agents 'Show it to no coding agent, and give it to the programs of one only masked'
            cand --no-hide-from-agents 'Show it to coding agents again'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;rotate'= {
            cand --store 'Of this store alone; by default of all'
            cand --generate 'Make the new secret here: 32 random letters and digits, or LENGTH'
            cand --from-file 'Read the new secret from a file'
            cand --overlap 'Keep the former secret this long; by default as `config.toml` says, else for good'
            cand --expires 'When the issuer ends the new secret'
            cand --reason 'Say why, for the history'
            cand --due 'All keys that are due, expired or end soon, one after the other'
            cand --finish 'Delete the old access key at AWS now, and make no new one'
            cand --discard 'Drop what the key''s rotator left beside the store, and replace nothing'
            cand -n 'Show what replacing it touches, and replace nothing'
            cand --dry-run 'Show what replacing it touches, and replace nothing'
            cand --by-hand 'Type or pipe the new secret in, also where `config.toml` names a rotator'
            cand --no-check 'Do not try the new secret with the check that `config.toml` names'
            cand --open 'Open the issuer''s page in the browser'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;push'= {
            cand --source 'The source to write to'
            cand --ref 'Where to write one key: `PATH#FIELD`'
            cand --under 'Where to write each under its own name: `PATH/NAME#value`'
            cand --reason 'Say why, for the history'
            cand --replace 'Write over another secret that lies there'
            cand --refer 'Let the keys refer to it once it was read back; the secrets become former ones'
            cand -n 'Show what would be written where, and write nothing'
            cand --dry-run 'Show what would be written where, and write nothing'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;pull'= {
            cand --reason 'Say why, for the history'
            cand -n 'Show what would be brought from where, and change nothing'
            cand --dry-run 'Show what would be brought from where, and change nothing'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;revoke'= {
            cand --reason 'Why, for yourself and for the history'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;versions'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;rollback'= {
            cand --to 'Which former secret, by its number or mark in `keyctl versions`; else the latest'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;undo'= {
            cand --store 'Of this store; by default the personal one'
            cand --list 'List what can be taken back, the latest first, and take nothing back'
            cand --skip 'Let the latest change stand, so that the one before it can be taken back'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;forget'= {
            cand --all 'The former secrets of all keys, and all removed keys'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;due'= {
            cand --store 'Of this store alone; by default of all'
            cand --tag 'Only keys with this tag'
            cand --fail-on 'End with exit code 1 if one is expired; for `due` also if one is due or ends soon'
            cand -a 'Show every key, also those with nothing to do'
            cand --all 'Show every key, also those with nothing to do'
            cand --prompt 'Print a few words for a shell''s prompt if a key is due; all stores stay closed'
            cand --ics 'Print a calendar (iCalendar) of all ends and replacements'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand install 'Show a notification each day on which a key is due'
            cand uninstall 'Show no more notifications'
            cand status 'Show whether notifications are installed, and when the next one can come'
            cand now 'Show the notification now, if a key is due or will be soon'
            cand snooze 'Leave keys out of all reminders for a while, at most until they end'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;remind;install'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind;uninstall'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind;status'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind;now'= {
            cand --store 'Of this store alone; by default of all'
            cand --once 'Only what was not told yet (the timer''s own call)'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind;snooze'= {
            cand --store 'Of this store alone; by default of all'
            cand --for 'For how long'
            cand --all 'All keys that are due, expired or end soon'
            cand --off 'Remind of them again from now on'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;remind;help'= {
            cand install 'Show a notification each day on which a key is due'
            cand uninstall 'Show no more notifications'
            cand status 'Show whether notifications are installed, and when the next one can come'
            cand now 'Show the notification now, if a key is due or will be soon'
            cand snooze 'Leave keys out of all reminders for a while, at most until they end'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;remind;help;install'= {
        }
        &'keyctl;remind;help;uninstall'= {
        }
        &'keyctl;remind;help;status'= {
        }
        &'keyctl;remind;help;now'= {
        }
        &'keyctl;remind;help;snooze'= {
        }
        &'keyctl;remind;help;help'= {
        }
        &'keyctl;env'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --format 'Write for this reader'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --show 'Show them on this screen without asking'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;render'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand -o 'Write it to this file, readable by you alone, instead of standard output'
            cand --output 'Write it to this file, readable by you alone, instead of standard output'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --show 'Show it on this screen without asking'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;import'= {
            cand --store 'Of this store; by default the personal one'
            cand --env 'Take these variables from the environment instead of a file'
            cand --format 'What it is; by default its name and its content say so'
            cand --from 'What it is; by default its name and its content say so'
            cand --identity 'The age identities that open what `passage`, `fnox` or `sops` keep'
            cand --prefix 'Put this before each key''s name, such as `myproject/`'
            cand --replace 'Replace the secrets of keys that exist; the former ones are kept'
            cand --delete 'Remove the file once every key was read back from the store'
            cand -n 'Say what would be kept, and keep nothing'
            cand --dry-run 'Say what would be kept, and keep nothing'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'keyctl;init'= {
            cand --from 'Take the variables from this file; by default `.env.example` or `.env`'
            cand --prefix 'Put this before each key''s name, such as `myproject/`'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;allow'= {
            cand --hash 'Allow without asking if what the project asks for has this hash'
            cand --variable 'Let this project set a variable that others may not, such as `HTTPS_PROXY`'
            cand --show-hash 'Print the hash of what the project asks for, and allow nothing'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;deny'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;profile'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List the profiles of this project and of the user''s config'
            cand ls 'List the profiles of this project and of the user''s config'
            cand show 'Show which key becomes which variable'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;profile;list'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;profile;ls'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;profile;show'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;profile;help'= {
            cand list 'List the profiles of this project and of the user''s config'
            cand show 'Show which key becomes which variable'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;profile;help;list'= {
        }
        &'keyctl;profile;help;show'= {
        }
        &'keyctl;profile;help;help'= {
        }
        &'keyctl;history'= {
            cand --store 'Of this store; by default the personal one'
            cand --since 'Only entries from this date on'
            cand --until 'Only entries up to this date'
            cand --project 'Only in this folder and below, written as `.` or `./app`; or in folders so named'
            cand --program 'Only by the program of this name'
            cand --action 'Only this was done, such as `run`, `get` or `rotate`; several with commas'
            cand --outcome 'Only with this word in the outcome, such as `refused`; `failed` is all that failed'
            cand --agent 'Only what a coding agent asked for, or one so named; it is told by a guess'
            cand -n 'Show only the last COUNT entries; without it a table has 1000'
            cand --from 'Read the history that `repair` set aside in this folder'
            cand --json 'Report as JSON, one entry a line'
            cand -f 'Show the last 10 entries or COUNT, and each new one as it comes'
            cand --follow 'Show the last 10 entries or COUNT, and each new one as it comes'
            cand --graph 'Draw uses by day, and by week for each key'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand verify 'Prove that no entry was changed, added or cut off'
            cand usage 'Count the uses of each key, program or project, and show what is unused'
            cand who 'Show which programs use a key where: what breaks when it is replaced'
            cand export 'Write the entries for other programs, in a form that stays as it is'
            cand anchor 'Print a line to keep elsewhere, which proves the history up to now'
            cand prune 'Remove old parts of the history; an entry says so for ever'
            cand repair 'Go on after damage: seal the end anew, or set the history aside'
            cand report 'Write a page for the browser: uses by day, the keys'' dates, alerts'
            cand import 'Refused: entries are only ever made'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;history;verify'= {
            cand --against 'Compare with what `history anchor` printed once: the line, a file, or `-`'
            cand --from 'Read the history that `repair` set aside in this folder'
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;usage'= {
            cand --unused-for 'Show only keys that nobody used for this long: candidates for removal'
            cand --by 'Count by `key`, `program` or `project`'
            cand --since 'Count only uses from this date on'
            cand --from 'Read the history that `repair` set aside in this folder'
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;who'= {
            cand --from 'Read the history that `repair` set aside in this folder'
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;export'= {
            cand --format 'Write in this form: `jsonl`, `csv`, `syslog`, `cef` or `otel`'
            cand -o 'Write to this new file, readable by you alone, and not to standard output'
            cand --out 'Write to this new file, readable by you alone, and not to standard output'
            cand --since 'Only entries from this date on'
            cand --until 'Only entries up to this date'
            cand --project 'Only in this folder and below, written as `.` or `./app`; or in folders so named'
            cand --program 'Only by the program of this name'
            cand --action 'Only this was done, such as `run`, `get` or `rotate`; several with commas'
            cand --outcome 'Only with this word in the outcome, such as `refused`; `failed` is all that failed'
            cand --agent 'Only what a coding agent asked for, or one so named; it is told by a guess'
            cand --from 'Read the history that `repair` set aside in this folder'
            cand --store 'Of this store; by default the personal one'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;anchor'= {
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;prune'= {
            cand --before 'Remove segments that end before a date, or so long ago: `90d`'
            cand --keep-segments 'Remove all closed segments but the newest COUNT'
            cand --store 'Of this store; by default the personal one'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;repair'= {
            cand --store 'Of this store; by default the personal one'
            cand --accept 'Say yes to what is missing, so that the rest counts as intact'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;report'= {
            cand --html 'Write it to this file, readable by you alone; `-` is standard output'
            cand --since 'Count from here on: a date such as `2026-01-31`, or `90d` for the last 90 days'
            cand --store 'Of this store; by default the personal one'
            cand -f 'Write over a file that is there'
            cand --force 'Write over a file that is there'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;import'= {
            cand --store 'Of this store; by default the personal one'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;history;help'= {
            cand verify 'Prove that no entry was changed, added or cut off'
            cand usage 'Count the uses of each key, program or project, and show what is unused'
            cand who 'Show which programs use a key where: what breaks when it is replaced'
            cand export 'Write the entries for other programs, in a form that stays as it is'
            cand anchor 'Print a line to keep elsewhere, which proves the history up to now'
            cand prune 'Remove old parts of the history; an entry says so for ever'
            cand repair 'Go on after damage: seal the end anew, or set the history aside'
            cand report 'Write a page for the browser: uses by day, the keys'' dates, alerts'
            cand import 'Refused: entries are only ever made'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;history;help;verify'= {
        }
        &'keyctl;history;help;usage'= {
        }
        &'keyctl;history;help;who'= {
        }
        &'keyctl;history;help;export'= {
        }
        &'keyctl;history;help;anchor'= {
        }
        &'keyctl;history;help;prune'= {
        }
        &'keyctl;history;help;repair'= {
        }
        &'keyctl;history;help;report'= {
        }
        &'keyctl;history;help;import'= {
        }
        &'keyctl;history;help;help'= {
        }
        &'keyctl;alerts'= {
            cand --store 'Of this store; by default the personal one'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List the alerts that were not put away yet'
            cand ack 'Put alerts away that you have looked at; the history keeps them'
            cand test 'Send a trial alert in every way that `config.toml` names'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;alerts;list'= {
            cand --store 'Of this store; by default the personal one'
            cand -a 'Also those that were'
            cand --all 'Also those that were'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;alerts;ack'= {
            cand --store 'Of this store; by default the personal one'
            cand --all 'All of them'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;alerts;test'= {
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;alerts;help'= {
            cand list 'List the alerts that were not put away yet'
            cand ack 'Put alerts away that you have looked at; the history keeps them'
            cand test 'Send a trial alert in every way that `config.toml` names'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;alerts;help;list'= {
        }
        &'keyctl;alerts;help;ack'= {
        }
        &'keyctl;alerts;help;test'= {
        }
        &'keyctl;alerts;help;help'= {
        }
        &'keyctl;scan'= {
            cand --pushing 'Look through what a push sends (for the pre-push hook)'
            cand --store 'Of this store alone; by default of all'
            cand --prefix 'Put this before each adopted key''s name, such as `myproject/`'
            cand --staged 'Look through what is staged for the next commit'
            cand --history 'Look through every object of the git repository'
            cand --home 'Look where keys come to lie in your home folder'
            cand --running 'Look at what your running programs carry'
            cand --no-ignore 'Look at what git ignores too'
            cand --deep 'Look into archives too: zip (jar, whl, docx), tar, gzip, bzip2, xz, zstd'
            cand --no-shapes 'Look for your own keys alone, not for what looks like one of an issuer''s'
            cand --no-mark 'Do not mark keys that are found as leaked'
            cand --accept 'Accept what is found: later scans count it and tell of the rest'
            cand --adopt 'Take keys out of `.env` files and shell histories, once the store has them'
            cand --all 'Show what was accepted too'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand --json 'Report as JSON'
            cand --sarif 'Report as SARIF 2.1.0, for code hosts and editors'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand install-hook 'Let git look for keys before each commit and each push, by hooks'
            cand uninstall-hook 'Take the hooks away and put back what was there'
            cand hook-status 'Show which hooks are in force here'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;scan;install-hook'= {
            cand --global 'In all of your repositories (git''s `core.hooksPath`)'
            cand --pre-commit 'Only those before a commit, a merge''s and `git am`''s too'
            cand --pre-push 'Only the one before a push'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;scan;uninstall-hook'= {
            cand --global 'In all of your repositories (git''s `core.hooksPath`)'
            cand --pre-commit 'Only those before a commit, a merge''s and `git am`''s too'
            cand --pre-push 'Only the one before a push'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;scan;hook-status'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;scan;help'= {
            cand install-hook 'Let git look for keys before each commit and each push, by hooks'
            cand uninstall-hook 'Take the hooks away and put back what was there'
            cand hook-status 'Show which hooks are in force here'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;scan;help;install-hook'= {
        }
        &'keyctl;scan;help;uninstall-hook'= {
        }
        &'keyctl;scan;help;hook-status'= {
        }
        &'keyctl;scan;help;help'= {
        }
        &'keyctl;recovery'= {
            cand --store 'Of this store; by default the personal one'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand create 'Write a copy that opens the store with a passphrase'
            cand verify 'Prove that a copy opens this store'
            cand restore 'Give the identity back to its keeper, on this machine or a new one'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;recovery;create'= {
            cand --passphrase-file 'Read the passphrase from a file instead of asking for it'
            cand --store 'Of this store; by default the personal one'
            cand --print 'Print it to standard output instead, on a page with instructions'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;recovery;verify'= {
            cand --passphrase-file 'Read the passphrase from a file instead of asking for it'
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;recovery;restore'= {
            cand --passphrase-file 'Read the passphrase from a file instead of asking for it'
            cand --keeper 'Who keeps the identity from now on; by default as before'
            cand --ssh-key 'The private SSH key that is to open it, with `--keeper ssh`'
            cand --keeper-passphrase-file 'Read the new keeper''s passphrase from a file instead of asking for it'
            cand --plugin-identity 'The identity that the plugin made, with `--keeper plugin`'
            cand --store 'Of this store; by default the personal one'
            cand --accept-older 'Accept a store that is older than the newest one written'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;recovery;help'= {
            cand create 'Write a copy that opens the store with a passphrase'
            cand verify 'Prove that a copy opens this store'
            cand restore 'Give the identity back to its keeper, on this machine or a new one'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;recovery;help;create'= {
        }
        &'keyctl;recovery;help;verify'= {
        }
        &'keyctl;recovery;help;restore'= {
        }
        &'keyctl;recovery;help;help'= {
        }
        &'keyctl;store'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand create 'Make an empty store; the first `set` makes the personal one by itself'
            cand list 'List the stores, who keeps the identity of each, and where they lie'
            cand ls 'List the stores, who keeps the identity of each, and where they lie'
            cand access 'Show who can open which store, and what opening asks for'
            cand show 'Show what is known of a store, and how many keys it has if it opens unasked'
            cand remove 'Remove a store with its keys, its identity and its history, for good'
            cand rm 'Remove a store with its keys, its identity and its history, for good'
            cand move 'Move a key to another store, with its former secrets and its dates'
            cand path 'Say where a store''s age file lies now, when its repository was moved'
            cand join 'Join a store of others whose age file lies here; call it again once you are added'
            cand recipients 'Say who may open a store: add, list, remove and accept members'
            cand merge 'Merge two versions of a store''s file key by key, as git asks for it'
            cand keeper 'Move a store''s identity to another keeper, or give it another passphrase'
            cand rekey 'Give a store a new identity, when the old one got into wrong hands'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;store;create'= {
            cand --keeper 'Who keeps its identity; by default the keychain, if there is one'
            cand --ssh-key 'The private SSH key that is to open it, with `ssh`'
            cand --passphrase-file 'Read the new passphrase from a file instead of asking for it'
            cand --plugin-identity 'The identity that the plugin made, with `age-plugin-NAME --generate` for one'
            cand --path 'Put its age file here, into a repository for one; it must not exist yet'
            cand --anew 'Begin anew where the keychain knows a store whose files are gone'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;list'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;ls'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;access'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;show'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;remove'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;rm'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;move'= {
            cand --to 'The store it goes to'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;path'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;join'= {
            cand --path 'Its age file; said once'
            cand --keeper 'Who keeps your identity for it; by default the keychain, if there is one'
            cand --ssh-key 'The private SSH key that is to open it, with `ssh`'
            cand --passphrase-file 'Read the new passphrase from a file instead of asking for it'
            cand --plugin-identity 'The identity that the plugin made, with `age-plugin-NAME --generate` for one'
            cand --as 'What the others call you; by default as git or the system does'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand add 'Let another open the store: all its keys, and their former secrets'
            cand list 'List who may open the store'
            cand ls 'List who may open the store'
            cand remove 'Write nothing more for a member; what was seen is to be replaced'
            cand rm 'Write nothing more for a member; what was seen is to be replaced'
            cand accept 'Say yes to members that others added or removed'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;store;recipients;add'= {
            cand --me 'What the others call you, where you let the first one in'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;list'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;ls'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;remove'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;rm'= {
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;accept'= {
            cand --older 'Also to a file that is older than the one you had, which git took back'
            cand -y 'Do not ask for a yes'
            cand --yes 'Do not ask for a yes'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;recipients;help'= {
            cand add 'Let another open the store: all its keys, and their former secrets'
            cand list 'List who may open the store'
            cand remove 'Write nothing more for a member; what was seen is to be replaced'
            cand accept 'Say yes to members that others added or removed'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;store;recipients;help;add'= {
        }
        &'keyctl;store;recipients;help;list'= {
        }
        &'keyctl;store;recipients;help;remove'= {
        }
        &'keyctl;store;recipients;help;accept'= {
        }
        &'keyctl;store;recipients;help;help'= {
        }
        &'keyctl;store;merge'= {
            cand --base 'What both versions come from; an empty file where nothing is'
            cand --ours 'Our version; the merged one takes its place'
            cand --theirs 'The other version'
            cand --path 'Where the file lies in the repository'
            cand --unseen 'Merge what two versions come from: say and record nothing'
            cand --install 'Tell git of it: write `.gitattributes` and this clone''s settings'
            cand --uninstall 'Take that back'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;keeper'= {
            cand --to 'Who keeps the identity from now on'
            cand --ssh-key 'The private SSH key that is to open it, with `ssh`'
            cand --passphrase-file 'Read the new passphrase from a file instead of asking for it'
            cand --plugin-identity 'The identity that the plugin made, with `age-plugin-NAME --generate` for one'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;rekey'= {
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;store;help'= {
            cand create 'Make an empty store; the first `set` makes the personal one by itself'
            cand list 'List the stores, who keeps the identity of each, and where they lie'
            cand access 'Show who can open which store, and what opening asks for'
            cand show 'Show what is known of a store, and how many keys it has if it opens unasked'
            cand remove 'Remove a store with its keys, its identity and its history, for good'
            cand move 'Move a key to another store, with its former secrets and its dates'
            cand path 'Say where a store''s age file lies now, when its repository was moved'
            cand join 'Join a store of others whose age file lies here; call it again once you are added'
            cand recipients 'Say who may open a store: add, list, remove and accept members'
            cand merge 'Merge two versions of a store''s file key by key, as git asks for it'
            cand keeper 'Move a store''s identity to another keeper, or give it another passphrase'
            cand rekey 'Give a store a new identity, when the old one got into wrong hands'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;store;help;create'= {
        }
        &'keyctl;store;help;list'= {
        }
        &'keyctl;store;help;access'= {
        }
        &'keyctl;store;help;show'= {
        }
        &'keyctl;store;help;remove'= {
        }
        &'keyctl;store;help;move'= {
        }
        &'keyctl;store;help;path'= {
        }
        &'keyctl;store;help;join'= {
        }
        &'keyctl;store;help;recipients'= {
            cand add 'Let another open the store: all its keys, and their former secrets'
            cand list 'List who may open the store'
            cand remove 'Write nothing more for a member; what was seen is to be replaced'
            cand accept 'Say yes to members that others added or removed'
        }
        &'keyctl;store;help;recipients;add'= {
        }
        &'keyctl;store;help;recipients;list'= {
        }
        &'keyctl;store;help;recipients;remove'= {
        }
        &'keyctl;store;help;recipients;accept'= {
        }
        &'keyctl;store;help;merge'= {
        }
        &'keyctl;store;help;keeper'= {
        }
        &'keyctl;store;help;rekey'= {
        }
        &'keyctl;store;help;help'= {
        }
        &'keyctl;source'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand add 'Write a source into your `config.toml`'
            cand list 'List the sources, without asking any'
            cand show 'Show a source, and which keys refer to it'
            cand test 'Ask a source what its credential may do, and warn of more than is needed'
            cand login 'Log in to a source in the browser, and keep the token that comes of it'
            cand remove 'Take a source out of your `config.toml`; what is in it stays'
            cand forget-cache 'Let go what is kept of all sources on this disk'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;source;add'= {
            cand --type 'What it is'
            cand --address 'Where it answers'
            cand --region 'Its region'
            cand --endpoint 'Another address than the service''s own'
            cand --credential 'A credential of it: a field, and the key that holds it'
            cand --field 'Another field of its table: a text, `true`, `false` or the number of `kv`'
            cand --cache 'Keep what was fetched so long, sealed: `15m`, `1h`, `1d`'
            cand --timeout 'How long a run waits for it: `5s`'
            cand --for-store 'Keys of this store may refer to it too, whoever writes into that'
            cand -n 'Say what would be written, and write nothing'
            cand --dry-run 'Say what would be written, and write nothing'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;list'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;show'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;test'= {
            cand --reason 'Say why, for the history'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;login'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;remove'= {
            cand -y 'Also where keys refer to it still'
            cand --yes 'Also where keys refer to it still'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;forget-cache'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;source;help'= {
            cand add 'Write a source into your `config.toml`'
            cand list 'List the sources, without asking any'
            cand show 'Show a source, and which keys refer to it'
            cand test 'Ask a source what its credential may do, and warn of more than is needed'
            cand login 'Log in to a source in the browser, and keep the token that comes of it'
            cand remove 'Take a source out of your `config.toml`; what is in it stays'
            cand forget-cache 'Let go what is kept of all sources on this disk'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;source;help;add'= {
        }
        &'keyctl;source;help;list'= {
        }
        &'keyctl;source;help;show'= {
        }
        &'keyctl;source;help;test'= {
        }
        &'keyctl;source;help;login'= {
        }
        &'keyctl;source;help;remove'= {
        }
        &'keyctl;source;help;forget-cache'= {
        }
        &'keyctl;source;help;help'= {
        }
        &'keyctl;unlock'= {
            cand --for 'For so long, at most 12 hours'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;lock'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;status'= {
            cand --store 'Of this store; by default the personal one'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;doctor'= {
            cand --store 'Of this store; by default the personal one'
            cand --online 'Also let each key''s check or AWS say whether the key still works'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;audit'= {
            cand --store 'Of this store; by default the personal one'
            cand --fail-on 'End with exit code 1 if a finding is this bad or worse: low, medium or high'
            cand --fix 'Mend what needs no decision: access rights of files, projects that are gone'
            cand -y 'Mend it without asking for a yes'
            cand --yes 'Mend it without asking for a yes'
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand install 'Have an agent put `keyctl run --mask --` before commands that are listed'
            cand uninstall 'Take that out of the agent''s settings again'
            cand list 'List the agents, and which of them asks keyctl'
            cand ls 'List the agents, and which of them asks keyctl'
            cand hook 'Answer an agent that is about to run a command (called by the agent)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;agent;install'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent;uninstall'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent;list'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent;ls'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent;hook'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;agent;help'= {
            cand install 'Have an agent put `keyctl run --mask --` before commands that are listed'
            cand uninstall 'Take that out of the agent''s settings again'
            cand list 'List the agents, and which of them asks keyctl'
            cand hook 'Answer an agent that is about to run a command (called by the agent)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;agent;help;install'= {
        }
        &'keyctl;agent;help;uninstall'= {
        }
        &'keyctl;agent;help;list'= {
        }
        &'keyctl;agent;help;hook'= {
        }
        &'keyctl;agent;help;help'= {
        }
        &'keyctl;proxy'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand run 'Run a command that uses its keys without holding them'
            cand exec 'Run a command that uses its keys without holding them'
            cand rules 'List which key goes to which host'
            cand status 'List the proxies that run, and what they did so far'
            cand freeze 'Let no proxy use a key, from its next request on'
            cand unfreeze 'Let proxies use it again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;proxy;run'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --file 'Give a key as a file, whose path is in this variable'
            cand --render 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`'
            cand --as 'How these files are given: without a name, as a descriptor, or with a name'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --clean 'Pass on none of this environment but `PATH`, `HOME` and the like'
            cand --keep 'Keep the value of a variable that is set already'
            cand -n 'Say what would be given, and start nothing'
            cand --dry-run 'Say what would be given, and start nothing'
            cand -y 'Do not warn about commands that install packages'
            cand --yes 'Do not warn about commands that install packages'
            cand --mask 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
            cand --no-mask 'Do not, although a profile says so'
            cand --watch 'Start the command anew when one of its keys is replaced'
            cand --unprotected 'Give the keys that no rule is for as they are'
            cand --sandbox 'Let it reach the proxy alone: no other network, no keychain (Linux, macOS)'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;exec'= {
            cand -P 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand --profile 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)'
            cand -k 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --key 'Add a key under this variable; `-k NAME` if both have the same name'
            cand --only 'Give only these variables'
            cand --reason 'Say why, for the history'
            cand --file 'Give a key as a file, whose path is in this variable'
            cand --render 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`'
            cand --as 'How these files are given: without a name, as a descriptor, or with a name'
            cand --no-project 'Ignore the project''s `.keyctl.toml`'
            cand --allow-missing 'Go on without the keys that the store does not have'
            cand --offline 'Ask no source: use what is kept of it, and say how old that is'
            cand --clean 'Pass on none of this environment but `PATH`, `HOME` and the like'
            cand --keep 'Keep the value of a variable that is set already'
            cand -n 'Say what would be given, and start nothing'
            cand --dry-run 'Say what would be given, and start nothing'
            cand -y 'Do not warn about commands that install packages'
            cand --yes 'Do not warn about commands that install packages'
            cand --mask 'Replace secrets in what the command prints (also: `mask = true` in a profile)'
            cand --no-mask 'Do not, although a profile says so'
            cand --watch 'Start the command anew when one of its keys is replaced'
            cand --unprotected 'Give the keys that no rule is for as they are'
            cand --sandbox 'Let it reach the proxy alone: no other network, no keychain (Linux, macOS)'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;rules'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;status'= {
            cand --json 'Report as JSON'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;freeze'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;unfreeze'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;proxy;help'= {
            cand run 'Run a command that uses its keys without holding them'
            cand rules 'List which key goes to which host'
            cand status 'List the proxies that run, and what they did so far'
            cand freeze 'Let no proxy use a key, from its next request on'
            cand unfreeze 'Let proxies use it again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;proxy;help;run'= {
        }
        &'keyctl;proxy;help;rules'= {
        }
        &'keyctl;proxy;help;status'= {
        }
        &'keyctl;proxy;help;freeze'= {
        }
        &'keyctl;proxy;help;unfreeze'= {
        }
        &'keyctl;proxy;help;help'= {
        }
        &'keyctl;mcp'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;schema'= {
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;completions'= {
            cand --dynamic 'Also complete names of keys and profiles, by asking keyctl at each Tab'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;man'= {
            cand --out 'Write a page for each command to this folder'
            cand -q 'Say only what must not be overlooked'
            cand --quiet 'Say only what must not be overlooked'
            cand --no-color 'Use no colour (also: the variable `NO_COLOR`)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'keyctl;help'= {
            cand run 'Run a command with the keys its project names'
            cand shell 'Start a shell with the keys its project names'
            cand activate 'Print what lets a shell have a project''s keys while it stands in its folder'
            cand set 'Keep a key: its secret is typed unseen, piped in or read from a file'
            cand get 'Print a key''s secret'
            cand show 'Show what is known of a key, never its secret'
            cand list 'List the keys that are kept, without their secrets'
            cand remove 'Remove keys from the store'
            cand rename 'Give a key another name'
            cand copy 'Put a key''s secret on the clipboard for a while'
            cand edit 'Change a key''s dates, notes and tags, and leave its secret alone'
            cand rotate 'Replace a key, or all that are due; the former secret is kept for a while'
            cand push 'Write keys of the store to a source, and read them back'
            cand pull 'Bring keys that lie in a source into the store'
            cand revoke 'Mark a key as not to be used any more'
            cand versions 'List a key''s former secrets by their dates, without showing them'
            cand rollback 'Bring a key''s former secret back into use, or a removed key'
            cand undo 'Take the last change to the store back; 30 days are kept'
            cand forget 'Wipe the former secrets of keys for good'
            cand due 'List the keys that have ended, have to be replaced, or will have to soon'
            cand remind 'Be told of keys that are due: by a notification each day, or not for a while'
            cand env 'Print keys with their secrets, for a shell or another program to read'
            cand render 'Fill a template in with keys'
            cand import 'Take keys over from a file, another manager or the environment'
            cand init 'Write a `.keyctl.toml` that names the keys this project needs'
            cand allow 'Show what this project asks for, and allow it after a yes'
            cand deny 'Take back what this project was allowed'
            cand profile 'Show the profiles, and which key becomes which variable in each'
            cand history 'Show who used which key when, or prove that no entry was changed'
            cand alerts 'Show what was unusual about the use of keys, and put it away when seen'
            cand scan 'Find your keys where they lie in clear, and what else looks like a key'
            cand recovery 'Make, check or use a recovery copy, which opens the store with a passphrase'
            cand store 'Make, list or remove stores, or move an identity between keychain and file'
            cand source 'Set up secrets managers that keys are fetched from when they are used'
            cand unlock 'Open a store that asks once, so that the next commands ask nobody for a while'
            cand lock 'Close what was opened with `unlock`, at once'
            cand status 'Show what is kept, what this project gets, and what needs care'
            cand doctor 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds'
            cand audit 'Find what is wrong with your keys, each with the command that mends it'
            cand agent 'Have coding agents run the commands that you list with keys, the secrets masked'
            cand proxy 'Run commands that use their keys without holding them'
            cand mcp 'Serve a coding agent over the Model Context Protocol, without showing it a secret'
            cand schema 'Print the JSON Schema of a file that you write, or of a report'
            cand completions 'Print a script that lets a shell complete commands and names'
            cand man 'Print the manual page, or write the pages of all commands to a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'keyctl;help;run'= {
        }
        &'keyctl;help;shell'= {
        }
        &'keyctl;help;activate'= {
        }
        &'keyctl;help;set'= {
        }
        &'keyctl;help;get'= {
        }
        &'keyctl;help;show'= {
        }
        &'keyctl;help;list'= {
        }
        &'keyctl;help;remove'= {
        }
        &'keyctl;help;rename'= {
        }
        &'keyctl;help;copy'= {
        }
        &'keyctl;help;edit'= {
        }
        &'keyctl;help;rotate'= {
        }
        &'keyctl;help;push'= {
        }
        &'keyctl;help;pull'= {
        }
        &'keyctl;help;revoke'= {
        }
        &'keyctl;help;versions'= {
        }
        &'keyctl;help;rollback'= {
        }
        &'keyctl;help;undo'= {
        }
        &'keyctl;help;forget'= {
        }
        &'keyctl;help;due'= {
        }
        &'keyctl;help;remind'= {
            cand install 'Show a notification each day on which a key is due'
            cand uninstall 'Show no more notifications'
            cand status 'Show whether notifications are installed, and when the next one can come'
            cand now 'Show the notification now, if a key is due or will be soon'
            cand snooze 'Leave keys out of all reminders for a while, at most until they end'
        }
        &'keyctl;help;remind;install'= {
        }
        &'keyctl;help;remind;uninstall'= {
        }
        &'keyctl;help;remind;status'= {
        }
        &'keyctl;help;remind;now'= {
        }
        &'keyctl;help;remind;snooze'= {
        }
        &'keyctl;help;env'= {
        }
        &'keyctl;help;render'= {
        }
        &'keyctl;help;import'= {
        }
        &'keyctl;help;init'= {
        }
        &'keyctl;help;allow'= {
        }
        &'keyctl;help;deny'= {
        }
        &'keyctl;help;profile'= {
            cand list 'List the profiles of this project and of the user''s config'
            cand show 'Show which key becomes which variable'
        }
        &'keyctl;help;profile;list'= {
        }
        &'keyctl;help;profile;show'= {
        }
        &'keyctl;help;history'= {
            cand verify 'Prove that no entry was changed, added or cut off'
            cand usage 'Count the uses of each key, program or project, and show what is unused'
            cand who 'Show which programs use a key where: what breaks when it is replaced'
            cand export 'Write the entries for other programs, in a form that stays as it is'
            cand anchor 'Print a line to keep elsewhere, which proves the history up to now'
            cand prune 'Remove old parts of the history; an entry says so for ever'
            cand repair 'Go on after damage: seal the end anew, or set the history aside'
            cand report 'Write a page for the browser: uses by day, the keys'' dates, alerts'
            cand import 'Refused: entries are only ever made'
        }
        &'keyctl;help;history;verify'= {
        }
        &'keyctl;help;history;usage'= {
        }
        &'keyctl;help;history;who'= {
        }
        &'keyctl;help;history;export'= {
        }
        &'keyctl;help;history;anchor'= {
        }
        &'keyctl;help;history;prune'= {
        }
        &'keyctl;help;history;repair'= {
        }
        &'keyctl;help;history;report'= {
        }
        &'keyctl;help;history;import'= {
        }
        &'keyctl;help;alerts'= {
            cand list 'List the alerts that were not put away yet'
            cand ack 'Put alerts away that you have looked at; the history keeps them'
            cand test 'Send a trial alert in every way that `config.toml` names'
        }
        &'keyctl;help;alerts;list'= {
        }
        &'keyctl;help;alerts;ack'= {
        }
        &'keyctl;help;alerts;test'= {
        }
        &'keyctl;help;scan'= {
            cand install-hook 'Let git look for keys before each commit and each push, by hooks'
            cand uninstall-hook 'Take the hooks away and put back what was there'
            cand hook-status 'Show which hooks are in force here'
        }
        &'keyctl;help;scan;install-hook'= {
        }
        &'keyctl;help;scan;uninstall-hook'= {
        }
        &'keyctl;help;scan;hook-status'= {
        }
        &'keyctl;help;recovery'= {
            cand create 'Write a copy that opens the store with a passphrase'
            cand verify 'Prove that a copy opens this store'
            cand restore 'Give the identity back to its keeper, on this machine or a new one'
        }
        &'keyctl;help;recovery;create'= {
        }
        &'keyctl;help;recovery;verify'= {
        }
        &'keyctl;help;recovery;restore'= {
        }
        &'keyctl;help;store'= {
            cand create 'Make an empty store; the first `set` makes the personal one by itself'
            cand list 'List the stores, who keeps the identity of each, and where they lie'
            cand access 'Show who can open which store, and what opening asks for'
            cand show 'Show what is known of a store, and how many keys it has if it opens unasked'
            cand remove 'Remove a store with its keys, its identity and its history, for good'
            cand move 'Move a key to another store, with its former secrets and its dates'
            cand path 'Say where a store''s age file lies now, when its repository was moved'
            cand join 'Join a store of others whose age file lies here; call it again once you are added'
            cand recipients 'Say who may open a store: add, list, remove and accept members'
            cand merge 'Merge two versions of a store''s file key by key, as git asks for it'
            cand keeper 'Move a store''s identity to another keeper, or give it another passphrase'
            cand rekey 'Give a store a new identity, when the old one got into wrong hands'
        }
        &'keyctl;help;store;create'= {
        }
        &'keyctl;help;store;list'= {
        }
        &'keyctl;help;store;access'= {
        }
        &'keyctl;help;store;show'= {
        }
        &'keyctl;help;store;remove'= {
        }
        &'keyctl;help;store;move'= {
        }
        &'keyctl;help;store;path'= {
        }
        &'keyctl;help;store;join'= {
        }
        &'keyctl;help;store;recipients'= {
            cand add 'Let another open the store: all its keys, and their former secrets'
            cand list 'List who may open the store'
            cand remove 'Write nothing more for a member; what was seen is to be replaced'
            cand accept 'Say yes to members that others added or removed'
        }
        &'keyctl;help;store;recipients;add'= {
        }
        &'keyctl;help;store;recipients;list'= {
        }
        &'keyctl;help;store;recipients;remove'= {
        }
        &'keyctl;help;store;recipients;accept'= {
        }
        &'keyctl;help;store;merge'= {
        }
        &'keyctl;help;store;keeper'= {
        }
        &'keyctl;help;store;rekey'= {
        }
        &'keyctl;help;source'= {
            cand add 'Write a source into your `config.toml`'
            cand list 'List the sources, without asking any'
            cand show 'Show a source, and which keys refer to it'
            cand test 'Ask a source what its credential may do, and warn of more than is needed'
            cand login 'Log in to a source in the browser, and keep the token that comes of it'
            cand remove 'Take a source out of your `config.toml`; what is in it stays'
            cand forget-cache 'Let go what is kept of all sources on this disk'
        }
        &'keyctl;help;source;add'= {
        }
        &'keyctl;help;source;list'= {
        }
        &'keyctl;help;source;show'= {
        }
        &'keyctl;help;source;test'= {
        }
        &'keyctl;help;source;login'= {
        }
        &'keyctl;help;source;remove'= {
        }
        &'keyctl;help;source;forget-cache'= {
        }
        &'keyctl;help;unlock'= {
        }
        &'keyctl;help;lock'= {
        }
        &'keyctl;help;status'= {
        }
        &'keyctl;help;doctor'= {
        }
        &'keyctl;help;audit'= {
        }
        &'keyctl;help;agent'= {
            cand install 'Have an agent put `keyctl run --mask --` before commands that are listed'
            cand uninstall 'Take that out of the agent''s settings again'
            cand list 'List the agents, and which of them asks keyctl'
            cand hook 'Answer an agent that is about to run a command (called by the agent)'
        }
        &'keyctl;help;agent;install'= {
        }
        &'keyctl;help;agent;uninstall'= {
        }
        &'keyctl;help;agent;list'= {
        }
        &'keyctl;help;agent;hook'= {
        }
        &'keyctl;help;proxy'= {
            cand run 'Run a command that uses its keys without holding them'
            cand rules 'List which key goes to which host'
            cand status 'List the proxies that run, and what they did so far'
            cand freeze 'Let no proxy use a key, from its next request on'
            cand unfreeze 'Let proxies use it again'
        }
        &'keyctl;help;proxy;run'= {
        }
        &'keyctl;help;proxy;rules'= {
        }
        &'keyctl;help;proxy;status'= {
        }
        &'keyctl;help;proxy;freeze'= {
        }
        &'keyctl;help;proxy;unfreeze'= {
        }
        &'keyctl;help;mcp'= {
        }
        &'keyctl;help;schema'= {
        }
        &'keyctl;help;completions'= {
        }
        &'keyctl;help;man'= {
        }
        &'keyctl;help;help'= {
        }
    ]
    $completions[$command]
}
