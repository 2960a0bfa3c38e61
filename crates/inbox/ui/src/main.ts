import { mount } from 'svelte'
import App from './App.svelte'
import './app.css'
import { preferences } from './lib/state/preferences.svelte'

preferences.setTheme(preferences.theme)

const target = document.getElementById('app')
if (target) mount(App, { target })
