using TorchSharp;
System.Console.WriteLine(torch.__version__);
System.Console.WriteLine(torch.rand(3).ToString(TensorStringStyle.Julia));
