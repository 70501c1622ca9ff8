select
    '{{ var("experiment_name") }}' as experimento,
    '{{ var("learner") }}' as learner,
    -- A run without a key (by hand, of a past moment) is compared with nothing that another run has built.
    '{{ of_this_run("base_campeon") or of_this_run("clave") or this_run() }}' as base,
    {% if of_this_run('ajustes') is none %}cast(null as varchar){% else %}{{ quoted(of_this_run('ajustes')) }}{% endif %} as ajustes
