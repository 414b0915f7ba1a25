"""The AWS emulator of the local profile: moto's server plus what moto lacks.

The package starts moto (see ``server``), closes the gaps through which the real
AWS provider would fall (see ``gaps``, one module a service, one function a gap),
and counts what exists in it through the AWS API (see ``inventory``). It is not a
model of AWS: where moto is merely laxer than AWS, it stays so. Nothing outside
the local profile uses it. All state lives in the server's memory.
"""
