/** The one argument with which the executable is the process of a module. */
export const CHILD_ARGUMENT = "--handler-process";
