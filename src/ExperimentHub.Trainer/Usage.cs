namespace ExperimentHub.Trainer;

internal static class Usage
{
    public const string Text = """
        ExperimentHub.Trainer trains one run. The hub starts it; people use the self-test.

          ExperimentHub.Trainer                     read commands (JSON lines) from standard input, write events to standard output
          ExperimentHub.Trainer --selftest          load torch, list the devices and train one step
          ExperimentHub.Trainer --selftest --json   the same as one line of JSON; with --device cuda:0, of that device alone
          ExperimentHub.Trainer --fetch KEY FOLDER  fetch a published data set (mnist, fashion-mnist, kmnist) into a folder, if it is not there
          ExperimentHub.Trainer --help              this text

        EXPERIMENTHUB_LIBTORCH=/path/to/torch/lib   use that libtorch instead of the one beside the trainer

        Exit codes: 0 finished or stopped, 1 failed (the last event says why), 2 wrong arguments, 3 the hub is gone.

        """;
}
