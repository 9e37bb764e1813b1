
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'keyctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'keyctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'keyctl' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command with the keys its project names')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with the keys its project names')
            [CompletionResult]::new('shell', 'shell', [CompletionResultType]::ParameterValue, 'Start a shell with the keys its project names')
            [CompletionResult]::new('activate', 'activate', [CompletionResultType]::ParameterValue, 'Print what lets a shell have a project''s keys while it stands in its folder')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep a key: its secret is typed unseen, piped in or read from a file')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a key''s secret')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is known of a key, never its secret')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the keys that are kept, without their secrets')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the keys that are kept, without their secrets')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove keys from the store')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove keys from the store')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give a key another name')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Put a key''s secret on the clipboard for a while')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a key''s dates, notes and tags, and leave its secret alone')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Replace a key, or all that are due; the former secret is kept for a while')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Write keys of the store to a source, and read them back')
            [CompletionResult]::new('pull', 'pull', [CompletionResultType]::ParameterValue, 'Bring keys that lie in a source into the store')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Mark a key as not to be used any more')
            [CompletionResult]::new('versions', 'versions', [CompletionResultType]::ParameterValue, 'List a key''s former secrets by their dates, without showing them')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Bring a key''s former secret back into use, or a removed key')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take the last change to the store back; 30 days are kept')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Wipe the former secrets of keys for good')
            [CompletionResult]::new('due', 'due', [CompletionResultType]::ParameterValue, 'List the keys that have ended, have to be replaced, or will have to soon')
            [CompletionResult]::new('remind', 'remind', [CompletionResultType]::ParameterValue, 'Be told of keys that are due: by a notification each day, or not for a while')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print keys with their secrets, for a shell or another program to read')
            [CompletionResult]::new('render', 'render', [CompletionResultType]::ParameterValue, 'Fill a template in with keys')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take keys over from a file, another manager or the environment')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a `.keyctl.toml` that names the keys this project needs')
            [CompletionResult]::new('allow', 'allow', [CompletionResultType]::ParameterValue, 'Show what this project asks for, and allow it after a yes')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Take back what this project was allowed')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles, and which key becomes which variable in each')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show who used which key when, or prove that no entry was changed')
            [CompletionResult]::new('alerts', 'alerts', [CompletionResultType]::ParameterValue, 'Show what was unusual about the use of keys, and put it away when seen')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Find your keys where they lie in clear, and what else looks like a key')
            [CompletionResult]::new('recovery', 'recovery', [CompletionResultType]::ParameterValue, 'Make, check or use a recovery copy, which opens the store with a passphrase')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Make, list or remove stores, or move an identity between keychain and file')
            [CompletionResult]::new('source', 'source', [CompletionResultType]::ParameterValue, 'Set up secrets managers that keys are fetched from when they are used')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open a store that asks once, so that the next commands ask nobody for a while')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Close what was opened with `unlock`, at once')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is kept, what this project gets, and what needs care')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Find what is wrong with your keys, each with the command that mends it')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Have coding agents run the commands that you list with keys, the secrets masked')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Run commands that use their keys without holding them')
            [CompletionResult]::new('mcp', 'mcp', [CompletionResultType]::ParameterValue, 'Serve a coding agent over the Model Context Protocol, without showing it a secret')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a file that you write, or of a report')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a script that lets a shell complete commands and names')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write the pages of all commands to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;run' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Give a key as a file, whose path is in this variable')
            [CompletionResult]::new('--render', '--render', [CompletionResultType]::ParameterName, 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How these files are given: without a name, as a descriptor, or with a name')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Pass on none of this environment but `PATH`, `HOME` and the like')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the value of a variable that is set already')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--mask', '--mask', [CompletionResultType]::ParameterName, 'Replace secrets in what the command prints (also: `mask = true` in a profile)')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not, although a profile says so')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Start the command anew when one of its keys is replaced')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;exec' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Give a key as a file, whose path is in this variable')
            [CompletionResult]::new('--render', '--render', [CompletionResultType]::ParameterName, 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How these files are given: without a name, as a descriptor, or with a name')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Pass on none of this environment but `PATH`, `HOME` and the like')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the value of a variable that is set already')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--mask', '--mask', [CompletionResultType]::ParameterName, 'Replace secrets in what the command prints (also: `mask = true` in a profile)')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not, although a profile says so')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Start the command anew when one of its keys is replaced')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;shell' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Give a key as a file, whose path is in this variable')
            [CompletionResult]::new('--render', '--render', [CompletionResultType]::ParameterName, 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How these files are given: without a name, as a descriptor, or with a name')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--mask', '--mask', [CompletionResultType]::ParameterName, 'Replace secrets in what the command prints (also: `mask = true` in a profile)')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not, although a profile says so')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Pass on none of this environment but `PATH`, `HOME` and the like')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the value of a variable that is set already')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;activate' {
            [CompletionResult]::new('--off', '--off', [CompletionResultType]::ParameterName, 'Print what takes it off in a shell that has it, with the variables it gave')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;set' {
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read the secret from a file')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Keep no secret, but where it lies: in this source of your `config.toml`')
            [CompletionResult]::new('--ref', '--ref', [CompletionResultType]::ParameterName, 'Where in the source: `PATH`, `PATH#FIELD` or `PATH@VERSION#FIELD`')
            [CompletionResult]::new('--generate', '--generate', [CompletionResultType]::ParameterName, 'Make a random secret of 32 letters and digits, or of LENGTH')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`')
            [CompletionResult]::new('--rotate-every', '--rotate-every', [CompletionResultType]::ParameterName, 'How often to replace it, such as `90d`, `6mo` or `1y`')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'The page where its issuer replaces it')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'A note of your own, which is no secret')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Sort it under this tag; may be given several times')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace the secret of a key that exists; the former one is kept')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Keep the line ending at the secret''s end, which is taken off otherwise')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Take a secret with NUL bytes, which no variable can carry')
            [CompletionResult]::new('--allow-empty', '--allow-empty', [CompletionResultType]::ParameterName, 'Take an empty secret')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;get' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Print it on a terminal without asking first')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;show' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;list' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only keys with this tag')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;ls' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only keys with this tag')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remove' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--forget', '--forget', [CompletionResultType]::ParameterName, 'Wipe the secret and its former ones too, also of keys removed before')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;rm' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--forget', '--forget', [CompletionResultType]::ParameterName, 'Wipe the secret and its former ones too, also of keys removed before')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;rename' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask where `config.toml` protects the key under its old name alone')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask where `config.toml` protects the key under its old name alone')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;copy' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Clear the clipboard after this many seconds')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;edit' {
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`')
            [CompletionResult]::new('--rotate-every', '--rotate-every', [CompletionResultType]::ParameterName, 'How often to replace it, such as `90d`, `6mo` or `1y`')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'The page where its issuer replaces it')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'A note of your own, which is no secret')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Sort it under this tag; may be given several times')
            [CompletionResult]::new('--no-tag', '--no-tag', [CompletionResultType]::ParameterName, 'Take a tag away; may be given several times')
            [CompletionResult]::new('--only-project', '--only-project', [CompletionResultType]::ParameterName, 'Give it only in this folder and below; several times for several')
            [CompletionResult]::new('--only-program', '--only-program', [CompletionResultType]::ParameterName, 'Give it only to this program, by its path, and show it to nobody')
            [CompletionResult]::new('--with-variable', '--with-variable', [CompletionResultType]::ParameterName, 'Let this variable through to its programs; with a value only where it has that')
            [CompletionResult]::new('--no-expires', '--no-expires', [CompletionResultType]::ParameterName, 'Take the date of its end away')
            [CompletionResult]::new('--no-rotate-every', '--no-rotate-every', [CompletionResultType]::ParameterName, 'Take its own plan away; what `config.toml` says counts again')
            [CompletionResult]::new('--no-url', '--no-url', [CompletionResultType]::ParameterName, 'Take the page away')
            [CompletionResult]::new('--no-note', '--no-note', [CompletionResultType]::ParameterName, 'Take the note away')
            [CompletionResult]::new('--not-revoked', '--not-revoked', [CompletionResultType]::ParameterName, 'Take back that it was revoked')
            [CompletionResult]::new('--not-leaked', '--not-leaked', [CompletionResultType]::ParameterName, 'Take back that it was found leaked')
            [CompletionResult]::new('--any-project', '--any-project', [CompletionResultType]::ParameterName, 'Give it in every folder again')
            [CompletionResult]::new('--any-program', '--any-program', [CompletionResultType]::ParameterName, 'Give it to every program again, and show it')
            [CompletionResult]::new('--without-variables', '--without-variables', [CompletionResultType]::ParameterName, 'Leave those variables out again')
            [CompletionResult]::new('--needs-terminal', '--needs-terminal', [CompletionResultType]::ParameterName, 'Give it only where there is a terminal')
            [CompletionResult]::new('--no-needs-terminal', '--no-needs-terminal', [CompletionResultType]::ParameterName, 'Give it without a terminal again')
            [CompletionResult]::new('--ask', '--ask', [CompletionResultType]::ParameterName, 'Ask for a yes on the terminal each time')
            [CompletionResult]::new('--no-ask', '--no-ask', [CompletionResultType]::ParameterName, 'Ask for no yes any more')
            [CompletionResult]::new('--proxy-only', '--proxy-only', [CompletionResultType]::ParameterName, 'Keep it for the proxy: give it to no program, and show it to nobody')
            [CompletionResult]::new('--no-proxy-only', '--no-proxy-only', [CompletionResultType]::ParameterName, 'Give it to programs again, and show it')
            [CompletionResult]::new('--require-reason', '--require-reason', [CompletionResultType]::ParameterName, 'Give it only with a reason (`--reason`)')
            [CompletionResult]::new('--no-require-reason', '--no-require-reason', [CompletionResultType]::ParameterName, 'Ask for no reason any more; what `config.toml` says counts again')
            [CompletionResult]::new('--stop-expired', '--stop-expired', [CompletionResultType]::ParameterName, 'Give it no more once it has ended')
            [CompletionResult]::new('--no-stop-expired', '--no-stop-expired', [CompletionResultType]::ParameterName, 'Only warn then; what `config.toml` says counts again')
            [CompletionResult]::new('--hide-from-agents', '--hide-from-agents', [CompletionResultType]::ParameterName, 'Show it to no coding agent, and give it to the programs of one only masked')
            [CompletionResult]::new('--no-hide-from-agents', '--no-hide-from-agents', [CompletionResultType]::ParameterName, 'Show it to coding agents again')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;rotate' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store alone; by default of all')
            [CompletionResult]::new('--generate', '--generate', [CompletionResultType]::ParameterName, 'Make the new secret here: 32 random letters and digits, or LENGTH')
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read the new secret from a file')
            [CompletionResult]::new('--overlap', '--overlap', [CompletionResultType]::ParameterName, 'Keep the former secret this long; by default as `config.toml` says, else for good')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When the issuer ends the new secret')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--due', '--due', [CompletionResultType]::ParameterName, 'All keys that are due, expired or end soon, one after the other')
            [CompletionResult]::new('--finish', '--finish', [CompletionResultType]::ParameterName, 'Delete the old access key at AWS now, and make no new one')
            [CompletionResult]::new('--discard', '--discard', [CompletionResultType]::ParameterName, 'Drop what the key''s rotator left beside the store, and replace nothing')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show what replacing it touches, and replace nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what replacing it touches, and replace nothing')
            [CompletionResult]::new('--by-hand', '--by-hand', [CompletionResultType]::ParameterName, 'Type or pipe the new secret in, also where `config.toml` names a rotator')
            [CompletionResult]::new('--no-check', '--no-check', [CompletionResultType]::ParameterName, 'Do not try the new secret with the check that `config.toml` names')
            [CompletionResult]::new('--open', '--open', [CompletionResultType]::ParameterName, 'Open the issuer''s page in the browser')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;push' {
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'The source to write to')
            [CompletionResult]::new('--ref', '--ref', [CompletionResultType]::ParameterName, 'Where to write one key: `PATH#FIELD`')
            [CompletionResult]::new('--under', '--under', [CompletionResultType]::ParameterName, 'Where to write each under its own name: `PATH/NAME#value`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Write over another secret that lies there')
            [CompletionResult]::new('--refer', '--refer', [CompletionResultType]::ParameterName, 'Let the keys refer to it once it was read back; the secrets become former ones')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show what would be written where, and write nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be written where, and write nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;pull' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show what would be brought from where, and change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be brought from where, and change nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;revoke' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for yourself and for the history')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;versions' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;rollback' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Which former secret, by its number or mark in `keyctl versions`; else the latest')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;undo' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what can be taken back, the latest first, and take nothing back')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Let the latest change stand, so that the one before it can be taken back')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;forget' {
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'The former secrets of all keys, and all removed keys')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;due' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store alone; by default of all')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only keys with this tag')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'End with exit code 1 if one is expired; for `due` also if one is due or ends soon')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Show every key, also those with nothing to do')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show every key, also those with nothing to do')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'Print a few words for a shell''s prompt if a key is due; all stores stay closed')
            [CompletionResult]::new('--ics', '--ics', [CompletionResultType]::ParameterName, 'Print a calendar (iCalendar) of all ends and replacements')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Show a notification each day on which a key is due')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Show no more notifications')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether notifications are installed, and when the next one can come')
            [CompletionResult]::new('now', 'now', [CompletionResultType]::ParameterValue, 'Show the notification now, if a key is due or will be soon')
            [CompletionResult]::new('snooze', 'snooze', [CompletionResultType]::ParameterValue, 'Leave keys out of all reminders for a while, at most until they end')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;remind;install' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind;uninstall' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind;now' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store alone; by default of all')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Only what was not told yet (the timer''s own call)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind;snooze' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store alone; by default of all')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For how long')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All keys that are due, expired or end soon')
            [CompletionResult]::new('--off', '--off', [CompletionResultType]::ParameterName, 'Remind of them again from now on')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;remind;help' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Show a notification each day on which a key is due')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Show no more notifications')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether notifications are installed, and when the next one can come')
            [CompletionResult]::new('now', 'now', [CompletionResultType]::ParameterValue, 'Show the notification now, if a key is due or will be soon')
            [CompletionResult]::new('snooze', 'snooze', [CompletionResultType]::ParameterValue, 'Leave keys out of all reminders for a while, at most until they end')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;remind;help;install' {
            break
        }
        'keyctl;remind;help;uninstall' {
            break
        }
        'keyctl;remind;help;status' {
            break
        }
        'keyctl;remind;help;now' {
            break
        }
        'keyctl;remind;help;snooze' {
            break
        }
        'keyctl;remind;help;help' {
            break
        }
        'keyctl;env' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write for this reader')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Show them on this screen without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;render' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write it to this file, readable by you alone, instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write it to this file, readable by you alone, instead of standard output')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Show it on this screen without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;import' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Take these variables from the environment instead of a file')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What it is; by default its name and its content say so')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'What it is; by default its name and its content say so')
            [CompletionResult]::new('--identity', '--identity', [CompletionResultType]::ParameterName, 'The age identities that open what `passage`, `fnox` or `sops` keep')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Put this before each key''s name, such as `myproject/`')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace the secrets of keys that exist; the former ones are kept')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Remove the file once every key was read back from the store')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be kept, and keep nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be kept, and keep nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'keyctl;init' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Take the variables from this file; by default `.env.example` or `.env`')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Put this before each key''s name, such as `myproject/`')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;allow' {
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Allow without asking if what the project asks for has this hash')
            [CompletionResult]::new('--variable', '--variable', [CompletionResultType]::ParameterName, 'Let this project set a variable that others may not, such as `HTTPS_PROXY`')
            [CompletionResult]::new('--show-hash', '--show-hash', [CompletionResultType]::ParameterName, 'Print the hash of what the project asks for, and allow nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;deny' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;profile' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles of this project and of the user''s config')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the profiles of this project and of the user''s config')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show which key becomes which variable')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;profile;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;profile;ls' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;profile;show' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;profile;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles of this project and of the user''s config')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show which key becomes which variable')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;profile;help;list' {
            break
        }
        'keyctl;profile;help;show' {
            break
        }
        'keyctl;profile;help;help' {
            break
        }
        'keyctl;history' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only entries from this date on')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only entries up to this date')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Only in this folder and below, written as `.` or `./app`; or in folders so named')
            [CompletionResult]::new('--program', '--program', [CompletionResultType]::ParameterName, 'Only by the program of this name')
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Only this was done, such as `run`, `get` or `rotate`; several with commas')
            [CompletionResult]::new('--outcome', '--outcome', [CompletionResultType]::ParameterName, 'Only with this word in the outcome, such as `refused`; `failed` is all that failed')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only what a coding agent asked for, or one so named; it is told by a guess')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show only the last COUNT entries; without it a table has 1000')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read the history that `repair` set aside in this folder')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON, one entry a line')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Show the last 10 entries or COUNT, and each new one as it comes')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Show the last 10 entries or COUNT, and each new one as it comes')
            [CompletionResult]::new('--graph', '--graph', [CompletionResultType]::ParameterName, 'Draw uses by day, and by week for each key')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that no entry was changed, added or cut off')
            [CompletionResult]::new('usage', 'usage', [CompletionResultType]::ParameterValue, 'Count the uses of each key, program or project, and show what is unused')
            [CompletionResult]::new('who', 'who', [CompletionResultType]::ParameterValue, 'Show which programs use a key where: what breaks when it is replaced')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the entries for other programs, in a form that stays as it is')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print a line to keep elsewhere, which proves the history up to now')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove old parts of the history; an entry says so for ever')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Go on after damage: seal the end anew, or set the history aside')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write a page for the browser: uses by day, the keys'' dates, alerts')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Refused: entries are only ever made')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;history;verify' {
            [CompletionResult]::new('--against', '--against', [CompletionResultType]::ParameterName, 'Compare with what `history anchor` printed once: the line, a file, or `-`')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read the history that `repair` set aside in this folder')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;usage' {
            [CompletionResult]::new('--unused-for', '--unused-for', [CompletionResultType]::ParameterName, 'Show only keys that nobody used for this long: candidates for removal')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Count by `key`, `program` or `project`')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Count only uses from this date on')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read the history that `repair` set aside in this folder')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;who' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read the history that `repair` set aside in this folder')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;export' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write in this form: `jsonl`, `csv`, `syslog`, `cef` or `otel`')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this new file, readable by you alone, and not to standard output')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to this new file, readable by you alone, and not to standard output')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only entries from this date on')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only entries up to this date')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Only in this folder and below, written as `.` or `./app`; or in folders so named')
            [CompletionResult]::new('--program', '--program', [CompletionResultType]::ParameterName, 'Only by the program of this name')
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Only this was done, such as `run`, `get` or `rotate`; several with commas')
            [CompletionResult]::new('--outcome', '--outcome', [CompletionResultType]::ParameterName, 'Only with this word in the outcome, such as `refused`; `failed` is all that failed')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only what a coding agent asked for, or one so named; it is told by a guess')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read the history that `repair` set aside in this folder')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;anchor' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;prune' {
            [CompletionResult]::new('--before', '--before', [CompletionResultType]::ParameterName, 'Remove segments that end before a date, or so long ago: `90d`')
            [CompletionResult]::new('--keep-segments', '--keep-segments', [CompletionResultType]::ParameterName, 'Remove all closed segments but the newest COUNT')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;repair' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--accept', '--accept', [CompletionResultType]::ParameterName, 'Say yes to what is missing, so that the rest counts as intact')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;report' {
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Write it to this file, readable by you alone; `-` is standard output')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Count from here on: a date such as `2026-01-31`, or `90d` for the last 90 days')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Write over a file that is there')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Write over a file that is there')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;import' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;history;help' {
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that no entry was changed, added or cut off')
            [CompletionResult]::new('usage', 'usage', [CompletionResultType]::ParameterValue, 'Count the uses of each key, program or project, and show what is unused')
            [CompletionResult]::new('who', 'who', [CompletionResultType]::ParameterValue, 'Show which programs use a key where: what breaks when it is replaced')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the entries for other programs, in a form that stays as it is')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print a line to keep elsewhere, which proves the history up to now')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove old parts of the history; an entry says so for ever')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Go on after damage: seal the end anew, or set the history aside')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write a page for the browser: uses by day, the keys'' dates, alerts')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Refused: entries are only ever made')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;history;help;verify' {
            break
        }
        'keyctl;history;help;usage' {
            break
        }
        'keyctl;history;help;who' {
            break
        }
        'keyctl;history;help;export' {
            break
        }
        'keyctl;history;help;anchor' {
            break
        }
        'keyctl;history;help;prune' {
            break
        }
        'keyctl;history;help;repair' {
            break
        }
        'keyctl;history;help;report' {
            break
        }
        'keyctl;history;help;import' {
            break
        }
        'keyctl;history;help;help' {
            break
        }
        'keyctl;alerts' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the alerts that were not put away yet')
            [CompletionResult]::new('ack', 'ack', [CompletionResultType]::ParameterValue, 'Put alerts away that you have looked at; the history keeps them')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a trial alert in every way that `config.toml` names')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;alerts;list' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Also those that were')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also those that were')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;alerts;ack' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All of them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;alerts;test' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;alerts;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the alerts that were not put away yet')
            [CompletionResult]::new('ack', 'ack', [CompletionResultType]::ParameterValue, 'Put alerts away that you have looked at; the history keeps them')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a trial alert in every way that `config.toml` names')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;alerts;help;list' {
            break
        }
        'keyctl;alerts;help;ack' {
            break
        }
        'keyctl;alerts;help;test' {
            break
        }
        'keyctl;alerts;help;help' {
            break
        }
        'keyctl;scan' {
            [CompletionResult]::new('--pushing', '--pushing', [CompletionResultType]::ParameterName, 'Look through what a push sends (for the pre-push hook)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store alone; by default of all')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Put this before each adopted key''s name, such as `myproject/`')
            [CompletionResult]::new('--staged', '--staged', [CompletionResultType]::ParameterName, 'Look through what is staged for the next commit')
            [CompletionResult]::new('--history', '--history', [CompletionResultType]::ParameterName, 'Look through every object of the git repository')
            [CompletionResult]::new('--home', '--home', [CompletionResultType]::ParameterName, 'Look where keys come to lie in your home folder')
            [CompletionResult]::new('--running', '--running', [CompletionResultType]::ParameterName, 'Look at what your running programs carry')
            [CompletionResult]::new('--no-ignore', '--no-ignore', [CompletionResultType]::ParameterName, 'Look at what git ignores too')
            [CompletionResult]::new('--deep', '--deep', [CompletionResultType]::ParameterName, 'Look into archives too: zip (jar, whl, docx), tar, gzip, bzip2, xz, zstd')
            [CompletionResult]::new('--no-shapes', '--no-shapes', [CompletionResultType]::ParameterName, 'Look for your own keys alone, not for what looks like one of an issuer''s')
            [CompletionResult]::new('--no-mark', '--no-mark', [CompletionResultType]::ParameterName, 'Do not mark keys that are found as leaked')
            [CompletionResult]::new('--accept', '--accept', [CompletionResultType]::ParameterName, 'Accept what is found: later scans count it and tell of the rest')
            [CompletionResult]::new('--adopt', '--adopt', [CompletionResultType]::ParameterName, 'Take keys out of `.env` files and shell histories, once the store has them')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show what was accepted too')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('--sarif', '--sarif', [CompletionResultType]::ParameterName, 'Report as SARIF 2.1.0, for code hosts and editors')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('install-hook', 'install-hook', [CompletionResultType]::ParameterValue, 'Let git look for keys before each commit and each push, by hooks')
            [CompletionResult]::new('uninstall-hook', 'uninstall-hook', [CompletionResultType]::ParameterValue, 'Take the hooks away and put back what was there')
            [CompletionResult]::new('hook-status', 'hook-status', [CompletionResultType]::ParameterValue, 'Show which hooks are in force here')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;scan;install-hook' {
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'In all of your repositories (git''s `core.hooksPath`)')
            [CompletionResult]::new('--pre-commit', '--pre-commit', [CompletionResultType]::ParameterName, 'Only those before a commit, a merge''s and `git am`''s too')
            [CompletionResult]::new('--pre-push', '--pre-push', [CompletionResultType]::ParameterName, 'Only the one before a push')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;scan;uninstall-hook' {
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'In all of your repositories (git''s `core.hooksPath`)')
            [CompletionResult]::new('--pre-commit', '--pre-commit', [CompletionResultType]::ParameterName, 'Only those before a commit, a merge''s and `git am`''s too')
            [CompletionResult]::new('--pre-push', '--pre-push', [CompletionResultType]::ParameterName, 'Only the one before a push')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;scan;hook-status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;scan;help' {
            [CompletionResult]::new('install-hook', 'install-hook', [CompletionResultType]::ParameterValue, 'Let git look for keys before each commit and each push, by hooks')
            [CompletionResult]::new('uninstall-hook', 'uninstall-hook', [CompletionResultType]::ParameterValue, 'Take the hooks away and put back what was there')
            [CompletionResult]::new('hook-status', 'hook-status', [CompletionResultType]::ParameterValue, 'Show which hooks are in force here')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;scan;help;install-hook' {
            break
        }
        'keyctl;scan;help;uninstall-hook' {
            break
        }
        'keyctl;scan;help;hook-status' {
            break
        }
        'keyctl;scan;help;help' {
            break
        }
        'keyctl;recovery' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Write a copy that opens the store with a passphrase')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that a copy opens this store')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give the identity back to its keeper, on this machine or a new one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;recovery;create' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the passphrase from a file instead of asking for it')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print it to standard output instead, on a page with instructions')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;recovery;verify' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the passphrase from a file instead of asking for it')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;recovery;restore' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the passphrase from a file instead of asking for it')
            [CompletionResult]::new('--keeper', '--keeper', [CompletionResultType]::ParameterName, 'Who keeps the identity from now on; by default as before')
            [CompletionResult]::new('--ssh-key', '--ssh-key', [CompletionResultType]::ParameterName, 'The private SSH key that is to open it, with `--keeper ssh`')
            [CompletionResult]::new('--keeper-passphrase-file', '--keeper-passphrase-file', [CompletionResultType]::ParameterName, 'Read the new keeper''s passphrase from a file instead of asking for it')
            [CompletionResult]::new('--plugin-identity', '--plugin-identity', [CompletionResultType]::ParameterName, 'The identity that the plugin made, with `--keeper plugin`')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--accept-older', '--accept-older', [CompletionResultType]::ParameterName, 'Accept a store that is older than the newest one written')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;recovery;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Write a copy that opens the store with a passphrase')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that a copy opens this store')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give the identity back to its keeper, on this machine or a new one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;recovery;help;create' {
            break
        }
        'keyctl;recovery;help;verify' {
            break
        }
        'keyctl;recovery;help;restore' {
            break
        }
        'keyctl;recovery;help;help' {
            break
        }
        'keyctl;store' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make an empty store; the first `set` makes the personal one by itself')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the stores, who keeps the identity of each, and where they lie')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the stores, who keeps the identity of each, and where they lie')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Show who can open which store, and what opening asks for')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is known of a store, and how many keys it has if it opens unasked')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a store with its keys, its identity and its history, for good')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a store with its keys, its identity and its history, for good')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move a key to another store, with its former secrets and its dates')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say where a store''s age file lies now, when its repository was moved')
            [CompletionResult]::new('join', 'join', [CompletionResultType]::ParameterValue, 'Join a store of others whose age file lies here; call it again once you are added')
            [CompletionResult]::new('recipients', 'recipients', [CompletionResultType]::ParameterValue, 'Say who may open a store: add, list, remove and accept members')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge two versions of a store''s file key by key, as git asks for it')
            [CompletionResult]::new('keeper', 'keeper', [CompletionResultType]::ParameterValue, 'Move a store''s identity to another keeper, or give it another passphrase')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Give a store a new identity, when the old one got into wrong hands')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;store;create' {
            [CompletionResult]::new('--keeper', '--keeper', [CompletionResultType]::ParameterName, 'Who keeps its identity; by default the keychain, if there is one')
            [CompletionResult]::new('--ssh-key', '--ssh-key', [CompletionResultType]::ParameterName, 'The private SSH key that is to open it, with `ssh`')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the new passphrase from a file instead of asking for it')
            [CompletionResult]::new('--plugin-identity', '--plugin-identity', [CompletionResultType]::ParameterName, 'The identity that the plugin made, with `age-plugin-NAME --generate` for one')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Put its age file here, into a repository for one; it must not exist yet')
            [CompletionResult]::new('--anew', '--anew', [CompletionResultType]::ParameterName, 'Begin anew where the keychain knows a store whose files are gone')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;ls' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;access' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;show' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;remove' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;rm' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;move' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'The store it goes to')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;path' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;join' {
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Its age file; said once')
            [CompletionResult]::new('--keeper', '--keeper', [CompletionResultType]::ParameterName, 'Who keeps your identity for it; by default the keychain, if there is one')
            [CompletionResult]::new('--ssh-key', '--ssh-key', [CompletionResultType]::ParameterName, 'The private SSH key that is to open it, with `ssh`')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the new passphrase from a file instead of asking for it')
            [CompletionResult]::new('--plugin-identity', '--plugin-identity', [CompletionResultType]::ParameterName, 'The identity that the plugin made, with `age-plugin-NAME --generate` for one')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'What the others call you; by default as git or the system does')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Let another open the store: all its keys, and their former secrets')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who may open the store')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List who may open the store')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Write nothing more for a member; what was seen is to be replaced')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Write nothing more for a member; what was seen is to be replaced')
            [CompletionResult]::new('accept', 'accept', [CompletionResultType]::ParameterValue, 'Say yes to members that others added or removed')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;store;recipients;add' {
            [CompletionResult]::new('--me', '--me', [CompletionResultType]::ParameterName, 'What the others call you, where you let the first one in')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;ls' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;remove' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;rm' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;accept' {
            [CompletionResult]::new('--older', '--older', [CompletionResultType]::ParameterName, 'Also to a file that is older than the one you had, which git took back')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for a yes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;recipients;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Let another open the store: all its keys, and their former secrets')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who may open the store')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Write nothing more for a member; what was seen is to be replaced')
            [CompletionResult]::new('accept', 'accept', [CompletionResultType]::ParameterValue, 'Say yes to members that others added or removed')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;store;recipients;help;add' {
            break
        }
        'keyctl;store;recipients;help;list' {
            break
        }
        'keyctl;store;recipients;help;remove' {
            break
        }
        'keyctl;store;recipients;help;accept' {
            break
        }
        'keyctl;store;recipients;help;help' {
            break
        }
        'keyctl;store;merge' {
            [CompletionResult]::new('--base', '--base', [CompletionResultType]::ParameterName, 'What both versions come from; an empty file where nothing is')
            [CompletionResult]::new('--ours', '--ours', [CompletionResultType]::ParameterName, 'Our version; the merged one takes its place')
            [CompletionResult]::new('--theirs', '--theirs', [CompletionResultType]::ParameterName, 'The other version')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Where the file lies in the repository')
            [CompletionResult]::new('--unseen', '--unseen', [CompletionResultType]::ParameterName, 'Merge what two versions come from: say and record nothing')
            [CompletionResult]::new('--install', '--install', [CompletionResultType]::ParameterName, 'Tell git of it: write `.gitattributes` and this clone''s settings')
            [CompletionResult]::new('--uninstall', '--uninstall', [CompletionResultType]::ParameterName, 'Take that back')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;keeper' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Who keeps the identity from now on')
            [CompletionResult]::new('--ssh-key', '--ssh-key', [CompletionResultType]::ParameterName, 'The private SSH key that is to open it, with `ssh`')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'Read the new passphrase from a file instead of asking for it')
            [CompletionResult]::new('--plugin-identity', '--plugin-identity', [CompletionResultType]::ParameterName, 'The identity that the plugin made, with `age-plugin-NAME --generate` for one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;rekey' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;store;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make an empty store; the first `set` makes the personal one by itself')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the stores, who keeps the identity of each, and where they lie')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Show who can open which store, and what opening asks for')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is known of a store, and how many keys it has if it opens unasked')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a store with its keys, its identity and its history, for good')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move a key to another store, with its former secrets and its dates')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say where a store''s age file lies now, when its repository was moved')
            [CompletionResult]::new('join', 'join', [CompletionResultType]::ParameterValue, 'Join a store of others whose age file lies here; call it again once you are added')
            [CompletionResult]::new('recipients', 'recipients', [CompletionResultType]::ParameterValue, 'Say who may open a store: add, list, remove and accept members')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge two versions of a store''s file key by key, as git asks for it')
            [CompletionResult]::new('keeper', 'keeper', [CompletionResultType]::ParameterValue, 'Move a store''s identity to another keeper, or give it another passphrase')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Give a store a new identity, when the old one got into wrong hands')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;store;help;create' {
            break
        }
        'keyctl;store;help;list' {
            break
        }
        'keyctl;store;help;access' {
            break
        }
        'keyctl;store;help;show' {
            break
        }
        'keyctl;store;help;remove' {
            break
        }
        'keyctl;store;help;move' {
            break
        }
        'keyctl;store;help;path' {
            break
        }
        'keyctl;store;help;join' {
            break
        }
        'keyctl;store;help;recipients' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Let another open the store: all its keys, and their former secrets')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who may open the store')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Write nothing more for a member; what was seen is to be replaced')
            [CompletionResult]::new('accept', 'accept', [CompletionResultType]::ParameterValue, 'Say yes to members that others added or removed')
            break
        }
        'keyctl;store;help;recipients;add' {
            break
        }
        'keyctl;store;help;recipients;list' {
            break
        }
        'keyctl;store;help;recipients;remove' {
            break
        }
        'keyctl;store;help;recipients;accept' {
            break
        }
        'keyctl;store;help;merge' {
            break
        }
        'keyctl;store;help;keeper' {
            break
        }
        'keyctl;store;help;rekey' {
            break
        }
        'keyctl;store;help;help' {
            break
        }
        'keyctl;source' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Write a source into your `config.toml`')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources, without asking any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a source, and which keys refer to it')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Ask a source what its credential may do, and warn of more than is needed')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a source in the browser, and keep the token that comes of it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a source out of your `config.toml`; what is in it stays')
            [CompletionResult]::new('forget-cache', 'forget-cache', [CompletionResultType]::ParameterValue, 'Let go what is kept of all sources on this disk')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;source;add' {
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'What it is')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'Where it answers')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Its region')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Another address than the service''s own')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'A credential of it: a field, and the key that holds it')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'Another field of its table: a text, `true`, `false` or the number of `kv`')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Keep what was fetched so long, sealed: `15m`, `1h`, `1d`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a run waits for it: `5s`')
            [CompletionResult]::new('--for-store', '--for-store', [CompletionResultType]::ParameterName, 'Keys of this store may refer to it too, whoever writes into that')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be written, and write nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be written, and write nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;show' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;test' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;login' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;remove' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Also where keys refer to it still')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Also where keys refer to it still')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;forget-cache' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;source;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Write a source into your `config.toml`')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources, without asking any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a source, and which keys refer to it')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Ask a source what its credential may do, and warn of more than is needed')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a source in the browser, and keep the token that comes of it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a source out of your `config.toml`; what is in it stays')
            [CompletionResult]::new('forget-cache', 'forget-cache', [CompletionResultType]::ParameterValue, 'Let go what is kept of all sources on this disk')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;source;help;add' {
            break
        }
        'keyctl;source;help;list' {
            break
        }
        'keyctl;source;help;show' {
            break
        }
        'keyctl;source;help;test' {
            break
        }
        'keyctl;source;help;login' {
            break
        }
        'keyctl;source;help;remove' {
            break
        }
        'keyctl;source;help;forget-cache' {
            break
        }
        'keyctl;source;help;help' {
            break
        }
        'keyctl;unlock' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For so long, at most 12 hours')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;lock' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;status' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;doctor' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--online', '--online', [CompletionResultType]::ParameterName, 'Also let each key''s check or AWS say whether the key still works')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;audit' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Of this store; by default the personal one')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'End with exit code 1 if a finding is this bad or worse: low, medium or high')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Mend what needs no decision: access rights of files, projects that are gone')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Mend it without asking for a yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Mend it without asking for a yes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have an agent put `keyctl run --mask --` before commands that are listed')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take that out of the agent''s settings again')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the agents, and which of them asks keyctl')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the agents, and which of them asks keyctl')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'Answer an agent that is about to run a command (called by the agent)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;agent;install' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent;uninstall' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent;ls' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent;hook' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;agent;help' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have an agent put `keyctl run --mask --` before commands that are listed')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take that out of the agent''s settings again')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the agents, and which of them asks keyctl')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'Answer an agent that is about to run a command (called by the agent)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;agent;help;install' {
            break
        }
        'keyctl;agent;help;uninstall' {
            break
        }
        'keyctl;agent;help;list' {
            break
        }
        'keyctl;agent;help;hook' {
            break
        }
        'keyctl;agent;help;help' {
            break
        }
        'keyctl;proxy' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command that uses its keys without holding them')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command that uses its keys without holding them')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List which key goes to which host')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List the proxies that run, and what they did so far')
            [CompletionResult]::new('freeze', 'freeze', [CompletionResultType]::ParameterValue, 'Let no proxy use a key, from its next request on')
            [CompletionResult]::new('unfreeze', 'unfreeze', [CompletionResultType]::ParameterValue, 'Let proxies use it again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;proxy;run' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Give a key as a file, whose path is in this variable')
            [CompletionResult]::new('--render', '--render', [CompletionResultType]::ParameterName, 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How these files are given: without a name, as a descriptor, or with a name')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Pass on none of this environment but `PATH`, `HOME` and the like')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the value of a variable that is set already')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--mask', '--mask', [CompletionResultType]::ParameterName, 'Replace secrets in what the command prints (also: `mask = true` in a profile)')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not, although a profile says so')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Start the command anew when one of its keys is replaced')
            [CompletionResult]::new('--unprotected', '--unprotected', [CompletionResultType]::ParameterName, 'Give the keys that no rule is for as they are')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Let it reach the proxy alone: no other network, no keychain (Linux, macOS)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;exec' {
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Add a key under this variable; `-k NAME` if both have the same name')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Give only these variables')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Say why, for the history')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Give a key as a file, whose path is in this variable')
            [CompletionResult]::new('--render', '--render', [CompletionResultType]::ParameterName, 'Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How these files are given: without a name, as a descriptor, or with a name')
            [CompletionResult]::new('--no-project', '--no-project', [CompletionResultType]::ParameterName, 'Ignore the project''s `.keyctl.toml`')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Go on without the keys that the store does not have')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no source: use what is kept of it, and say how old that is')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Pass on none of this environment but `PATH`, `HOME` and the like')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the value of a variable that is set already')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be given, and start nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not warn about commands that install packages')
            [CompletionResult]::new('--mask', '--mask', [CompletionResultType]::ParameterName, 'Replace secrets in what the command prints (also: `mask = true` in a profile)')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not, although a profile says so')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Start the command anew when one of its keys is replaced')
            [CompletionResult]::new('--unprotected', '--unprotected', [CompletionResultType]::ParameterName, 'Give the keys that no rule is for as they are')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Let it reach the proxy alone: no other network, no keychain (Linux, macOS)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;rules' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Report as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;freeze' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;unfreeze' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;proxy;help' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command that uses its keys without holding them')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List which key goes to which host')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List the proxies that run, and what they did so far')
            [CompletionResult]::new('freeze', 'freeze', [CompletionResultType]::ParameterValue, 'Let no proxy use a key, from its next request on')
            [CompletionResult]::new('unfreeze', 'unfreeze', [CompletionResultType]::ParameterValue, 'Let proxies use it again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;proxy;help;run' {
            break
        }
        'keyctl;proxy;help;rules' {
            break
        }
        'keyctl;proxy;help;status' {
            break
        }
        'keyctl;proxy;help;freeze' {
            break
        }
        'keyctl;proxy;help;unfreeze' {
            break
        }
        'keyctl;proxy;help;help' {
            break
        }
        'keyctl;mcp' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;schema' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;completions' {
            [CompletionResult]::new('--dynamic', '--dynamic', [CompletionResultType]::ParameterName, 'Also complete names of keys and profiles, by asking keyctl at each Tab')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;man' {
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write a page for each command to this folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only what must not be overlooked')
            [CompletionResult]::new('--no-color', '--no-color', [CompletionResultType]::ParameterName, 'Use no colour (also: the variable `NO_COLOR`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'keyctl;help' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command with the keys its project names')
            [CompletionResult]::new('shell', 'shell', [CompletionResultType]::ParameterValue, 'Start a shell with the keys its project names')
            [CompletionResult]::new('activate', 'activate', [CompletionResultType]::ParameterValue, 'Print what lets a shell have a project''s keys while it stands in its folder')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep a key: its secret is typed unseen, piped in or read from a file')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a key''s secret')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is known of a key, never its secret')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the keys that are kept, without their secrets')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove keys from the store')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give a key another name')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Put a key''s secret on the clipboard for a while')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a key''s dates, notes and tags, and leave its secret alone')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Replace a key, or all that are due; the former secret is kept for a while')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Write keys of the store to a source, and read them back')
            [CompletionResult]::new('pull', 'pull', [CompletionResultType]::ParameterValue, 'Bring keys that lie in a source into the store')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Mark a key as not to be used any more')
            [CompletionResult]::new('versions', 'versions', [CompletionResultType]::ParameterValue, 'List a key''s former secrets by their dates, without showing them')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Bring a key''s former secret back into use, or a removed key')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take the last change to the store back; 30 days are kept')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Wipe the former secrets of keys for good')
            [CompletionResult]::new('due', 'due', [CompletionResultType]::ParameterValue, 'List the keys that have ended, have to be replaced, or will have to soon')
            [CompletionResult]::new('remind', 'remind', [CompletionResultType]::ParameterValue, 'Be told of keys that are due: by a notification each day, or not for a while')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print keys with their secrets, for a shell or another program to read')
            [CompletionResult]::new('render', 'render', [CompletionResultType]::ParameterValue, 'Fill a template in with keys')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take keys over from a file, another manager or the environment')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a `.keyctl.toml` that names the keys this project needs')
            [CompletionResult]::new('allow', 'allow', [CompletionResultType]::ParameterValue, 'Show what this project asks for, and allow it after a yes')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Take back what this project was allowed')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Show the profiles, and which key becomes which variable in each')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show who used which key when, or prove that no entry was changed')
            [CompletionResult]::new('alerts', 'alerts', [CompletionResultType]::ParameterValue, 'Show what was unusual about the use of keys, and put it away when seen')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Find your keys where they lie in clear, and what else looks like a key')
            [CompletionResult]::new('recovery', 'recovery', [CompletionResultType]::ParameterValue, 'Make, check or use a recovery copy, which opens the store with a passphrase')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Make, list or remove stores, or move an identity between keychain and file')
            [CompletionResult]::new('source', 'source', [CompletionResultType]::ParameterValue, 'Set up secrets managers that keys are fetched from when they are used')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open a store that asks once, so that the next commands ask nobody for a while')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Close what was opened with `unlock`, at once')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is kept, what this project gets, and what needs care')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the keychain, the files, the recovery copy and which `keyctl` a shell finds')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Find what is wrong with your keys, each with the command that mends it')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Have coding agents run the commands that you list with keys, the secrets masked')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Run commands that use their keys without holding them')
            [CompletionResult]::new('mcp', 'mcp', [CompletionResultType]::ParameterValue, 'Serve a coding agent over the Model Context Protocol, without showing it a secret')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a file that you write, or of a report')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a script that lets a shell complete commands and names')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write the pages of all commands to a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'keyctl;help;run' {
            break
        }
        'keyctl;help;shell' {
            break
        }
        'keyctl;help;activate' {
            break
        }
        'keyctl;help;set' {
            break
        }
        'keyctl;help;get' {
            break
        }
        'keyctl;help;show' {
            break
        }
        'keyctl;help;list' {
            break
        }
        'keyctl;help;remove' {
            break
        }
        'keyctl;help;rename' {
            break
        }
        'keyctl;help;copy' {
            break
        }
        'keyctl;help;edit' {
            break
        }
        'keyctl;help;rotate' {
            break
        }
        'keyctl;help;push' {
            break
        }
        'keyctl;help;pull' {
            break
        }
        'keyctl;help;revoke' {
            break
        }
        'keyctl;help;versions' {
            break
        }
        'keyctl;help;rollback' {
            break
        }
        'keyctl;help;undo' {
            break
        }
        'keyctl;help;forget' {
            break
        }
        'keyctl;help;due' {
            break
        }
        'keyctl;help;remind' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Show a notification each day on which a key is due')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Show no more notifications')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether notifications are installed, and when the next one can come')
            [CompletionResult]::new('now', 'now', [CompletionResultType]::ParameterValue, 'Show the notification now, if a key is due or will be soon')
            [CompletionResult]::new('snooze', 'snooze', [CompletionResultType]::ParameterValue, 'Leave keys out of all reminders for a while, at most until they end')
            break
        }
        'keyctl;help;remind;install' {
            break
        }
        'keyctl;help;remind;uninstall' {
            break
        }
        'keyctl;help;remind;status' {
            break
        }
        'keyctl;help;remind;now' {
            break
        }
        'keyctl;help;remind;snooze' {
            break
        }
        'keyctl;help;env' {
            break
        }
        'keyctl;help;render' {
            break
        }
        'keyctl;help;import' {
            break
        }
        'keyctl;help;init' {
            break
        }
        'keyctl;help;allow' {
            break
        }
        'keyctl;help;deny' {
            break
        }
        'keyctl;help;profile' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles of this project and of the user''s config')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show which key becomes which variable')
            break
        }
        'keyctl;help;profile;list' {
            break
        }
        'keyctl;help;profile;show' {
            break
        }
        'keyctl;help;history' {
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that no entry was changed, added or cut off')
            [CompletionResult]::new('usage', 'usage', [CompletionResultType]::ParameterValue, 'Count the uses of each key, program or project, and show what is unused')
            [CompletionResult]::new('who', 'who', [CompletionResultType]::ParameterValue, 'Show which programs use a key where: what breaks when it is replaced')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the entries for other programs, in a form that stays as it is')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print a line to keep elsewhere, which proves the history up to now')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove old parts of the history; an entry says so for ever')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Go on after damage: seal the end anew, or set the history aside')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write a page for the browser: uses by day, the keys'' dates, alerts')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Refused: entries are only ever made')
            break
        }
        'keyctl;help;history;verify' {
            break
        }
        'keyctl;help;history;usage' {
            break
        }
        'keyctl;help;history;who' {
            break
        }
        'keyctl;help;history;export' {
            break
        }
        'keyctl;help;history;anchor' {
            break
        }
        'keyctl;help;history;prune' {
            break
        }
        'keyctl;help;history;repair' {
            break
        }
        'keyctl;help;history;report' {
            break
        }
        'keyctl;help;history;import' {
            break
        }
        'keyctl;help;alerts' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the alerts that were not put away yet')
            [CompletionResult]::new('ack', 'ack', [CompletionResultType]::ParameterValue, 'Put alerts away that you have looked at; the history keeps them')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a trial alert in every way that `config.toml` names')
            break
        }
        'keyctl;help;alerts;list' {
            break
        }
        'keyctl;help;alerts;ack' {
            break
        }
        'keyctl;help;alerts;test' {
            break
        }
        'keyctl;help;scan' {
            [CompletionResult]::new('install-hook', 'install-hook', [CompletionResultType]::ParameterValue, 'Let git look for keys before each commit and each push, by hooks')
            [CompletionResult]::new('uninstall-hook', 'uninstall-hook', [CompletionResultType]::ParameterValue, 'Take the hooks away and put back what was there')
            [CompletionResult]::new('hook-status', 'hook-status', [CompletionResultType]::ParameterValue, 'Show which hooks are in force here')
            break
        }
        'keyctl;help;scan;install-hook' {
            break
        }
        'keyctl;help;scan;uninstall-hook' {
            break
        }
        'keyctl;help;scan;hook-status' {
            break
        }
        'keyctl;help;recovery' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Write a copy that opens the store with a passphrase')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that a copy opens this store')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give the identity back to its keeper, on this machine or a new one')
            break
        }
        'keyctl;help;recovery;create' {
            break
        }
        'keyctl;help;recovery;verify' {
            break
        }
        'keyctl;help;recovery;restore' {
            break
        }
        'keyctl;help;store' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make an empty store; the first `set` makes the personal one by itself')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the stores, who keeps the identity of each, and where they lie')
            [CompletionResult]::new('access', 'access', [CompletionResultType]::ParameterValue, 'Show who can open which store, and what opening asks for')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what is known of a store, and how many keys it has if it opens unasked')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a store with its keys, its identity and its history, for good')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move a key to another store, with its former secrets and its dates')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say where a store''s age file lies now, when its repository was moved')
            [CompletionResult]::new('join', 'join', [CompletionResultType]::ParameterValue, 'Join a store of others whose age file lies here; call it again once you are added')
            [CompletionResult]::new('recipients', 'recipients', [CompletionResultType]::ParameterValue, 'Say who may open a store: add, list, remove and accept members')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge two versions of a store''s file key by key, as git asks for it')
            [CompletionResult]::new('keeper', 'keeper', [CompletionResultType]::ParameterValue, 'Move a store''s identity to another keeper, or give it another passphrase')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Give a store a new identity, when the old one got into wrong hands')
            break
        }
        'keyctl;help;store;create' {
            break
        }
        'keyctl;help;store;list' {
            break
        }
        'keyctl;help;store;access' {
            break
        }
        'keyctl;help;store;show' {
            break
        }
        'keyctl;help;store;remove' {
            break
        }
        'keyctl;help;store;move' {
            break
        }
        'keyctl;help;store;path' {
            break
        }
        'keyctl;help;store;join' {
            break
        }
        'keyctl;help;store;recipients' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Let another open the store: all its keys, and their former secrets')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List who may open the store')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Write nothing more for a member; what was seen is to be replaced')
            [CompletionResult]::new('accept', 'accept', [CompletionResultType]::ParameterValue, 'Say yes to members that others added or removed')
            break
        }
        'keyctl;help;store;recipients;add' {
            break
        }
        'keyctl;help;store;recipients;list' {
            break
        }
        'keyctl;help;store;recipients;remove' {
            break
        }
        'keyctl;help;store;recipients;accept' {
            break
        }
        'keyctl;help;store;merge' {
            break
        }
        'keyctl;help;store;keeper' {
            break
        }
        'keyctl;help;store;rekey' {
            break
        }
        'keyctl;help;source' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Write a source into your `config.toml`')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the sources, without asking any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a source, and which keys refer to it')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Ask a source what its credential may do, and warn of more than is needed')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a source in the browser, and keep the token that comes of it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a source out of your `config.toml`; what is in it stays')
            [CompletionResult]::new('forget-cache', 'forget-cache', [CompletionResultType]::ParameterValue, 'Let go what is kept of all sources on this disk')
            break
        }
        'keyctl;help;source;add' {
            break
        }
        'keyctl;help;source;list' {
            break
        }
        'keyctl;help;source;show' {
            break
        }
        'keyctl;help;source;test' {
            break
        }
        'keyctl;help;source;login' {
            break
        }
        'keyctl;help;source;remove' {
            break
        }
        'keyctl;help;source;forget-cache' {
            break
        }
        'keyctl;help;unlock' {
            break
        }
        'keyctl;help;lock' {
            break
        }
        'keyctl;help;status' {
            break
        }
        'keyctl;help;doctor' {
            break
        }
        'keyctl;help;audit' {
            break
        }
        'keyctl;help;agent' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have an agent put `keyctl run --mask --` before commands that are listed')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take that out of the agent''s settings again')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the agents, and which of them asks keyctl')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'Answer an agent that is about to run a command (called by the agent)')
            break
        }
        'keyctl;help;agent;install' {
            break
        }
        'keyctl;help;agent;uninstall' {
            break
        }
        'keyctl;help;agent;list' {
            break
        }
        'keyctl;help;agent;hook' {
            break
        }
        'keyctl;help;proxy' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command that uses its keys without holding them')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List which key goes to which host')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List the proxies that run, and what they did so far')
            [CompletionResult]::new('freeze', 'freeze', [CompletionResultType]::ParameterValue, 'Let no proxy use a key, from its next request on')
            [CompletionResult]::new('unfreeze', 'unfreeze', [CompletionResultType]::ParameterValue, 'Let proxies use it again')
            break
        }
        'keyctl;help;proxy;run' {
            break
        }
        'keyctl;help;proxy;rules' {
            break
        }
        'keyctl;help;proxy;status' {
            break
        }
        'keyctl;help;proxy;freeze' {
            break
        }
        'keyctl;help;proxy;unfreeze' {
            break
        }
        'keyctl;help;mcp' {
            break
        }
        'keyctl;help;schema' {
            break
        }
        'keyctl;help;completions' {
            break
        }
        'keyctl;help;man' {
            break
        }
        'keyctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
