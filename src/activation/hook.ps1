# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with lines of a word, a name and base64, which are read as data; no value is ever evaluated.
if (-not (Test-Path Variable:global:__keyctl_was)) { $global:__keyctl_was = @{} }
# Brings back what was, where keyctl is gone; what the user has changed meanwhile nobody can tell then.
function global:__keyctl_leave {
    if (-not $env:KEYCTL_ACTIVE) { return }
    $given = @(([string] $env:KEYCTL_ACTIVE.Split(';')[4]).Split(',') | ForEach-Object { $_.Split('=')[0] } | Where-Object { $_ })
    foreach ($name in $given) {
        [Environment]::SetEnvironmentVariable($name, $global:__keyctl_was[$name])
        $global:__keyctl_was.Remove($name)
    }
    $left = @(([string] $env:KEYCTL_INJECTED).Split(',') | Where-Object { $_ -and $given -notcontains $_ }) -join ','
    [Environment]::SetEnvironmentVariable('KEYCTL_INJECTED', $left)
    [Environment]::SetEnvironmentVariable('KEYCTL_ACTIVE', $null)
    if ($given) { [Console]::Error.WriteLine('keyctl: `{0}` is gone, and with it what it gave this shell', PROGRAM) }
}
function global:__keyctl_ask {
    param([string[]] $Options = @())
    if (-not (Test-Path -LiteralPath PROGRAM)) { __keyctl_leave; return }
    $code = $global:LASTEXITCODE
    $lines = @(& PROGRAM hook-env powershell @Options)
    $complete = $global:LASTEXITCODE -eq 0 -and $lines.Count -gt 0 -and $lines[-1] -eq '#'
    $global:LASTEXITCODE = $code
    if (-not $complete) { return }
    foreach ($line in $lines) {
        $word, $name, $text = $line.Split(' ')
        switch ($word) {
            'keep' { $global:__keyctl_was[$name] = [Environment]::GetEnvironmentVariable($name) }
            'give' {
                $value = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text))
                [Environment]::SetEnvironmentVariable($name, $value)
            }
            'back' {
                [Environment]::SetEnvironmentVariable($name, $global:__keyctl_was[$name])
                $global:__keyctl_was.Remove($name)
            }
            'remove' { [Environment]::SetEnvironmentVariable($name, $null) }
        }
    }
}
#= on
if (-not (Test-Path Variable:global:__keyctl_prompt)) {
    $global:__keyctl_prompt = $function:prompt
    function global:prompt {
        $succeeded = $?
        __keyctl_ask
        # The prompt that was there before sees how the last command ended.
        if ($succeeded) { $null = 1 } else { Write-Error '' -ErrorAction Ignore }
        & $global:__keyctl_prompt
    }
}
#= off
__keyctl_ask '--off'
if (Test-Path Variable:global:__keyctl_prompt) {
    Set-Item -Path function:global:prompt -Value $global:__keyctl_prompt
    Remove-Variable -Scope Global -Name __keyctl_prompt
}
Remove-Item -Path function:__keyctl_ask, function:__keyctl_leave
