import type { Command } from 'commander';

/** The commands that do something, as they are typed: `key add`. */
export function commandsOf(command: Command, path: string[] = []): string[] {
  return command.commands.length === 0 ? [path.join(' ')] : command.commands.flatMap((child) => commandsOf(child, [...path, child.name()]));
}
